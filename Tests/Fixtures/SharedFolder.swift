public import Foundation

/// The folder `../shared` beside the checkout: suites written by others, read and never copied.
public enum SharedFolder {
  /// Neither the folder nor permission to do without it.
  public struct Missing: Error, CustomStringConvertible {
    let path: String
    /// What CI lacks.
    public var description: String { "CI must have ../shared beside the checkout, and \(path) is not there." }
  }

  /// Root of the package, found from this file.
  public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Whether this is a run that must check everything.
  public static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// The file or folder at `path`, or nil on a machine that has no such folder. In CI that is a failure.
  public static func url(_ path: String, isCI: Bool = isCI) throws -> URL? {
    let url = packageRoot.deletingLastPathComponent().appending(path: "shared").appending(path: path)
    if FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) { return url }
    guard !isCI else { throw Missing(path: path) }
    print("NOT CHECKED: ../shared/\(path) is not on this machine.")
    return nil
  }

  /// The bytes of the file at `path`; nil as for `url`.
  public static func bytes(_ path: String) throws -> [UInt8]? {
    try url(path).map { try Array(Data(contentsOf: $0)) }
  }

  /// The JSON of the file at `path`, read by Foundation; nil as for `url`.
  public static func json(_ path: String) throws -> Any? {
    try url(path).map { try JSONSerialization.jsonObject(with: Data(contentsOf: $0)) }
  }
}
