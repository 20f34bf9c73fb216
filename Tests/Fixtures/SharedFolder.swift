public import Foundation

/// The folder `../shared` beside the checkout: test suites of other projects, which are read and never copied.
public enum SharedFolder {
  /// The folder is missing where it is required.
  public struct Missing: Error, CustomStringConvertible {
    let path: String
    /// The missing file or folder.
    public var description: String { "CI must have ../shared beside the checkout, and \(path) is not there." }
  }

  /// The root of the package, derived from this file's path.
  public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Whether this run must check everything.
  public static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// The file or folder at `path`; nil on a machine without the folder, which is a failure in CI.
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
