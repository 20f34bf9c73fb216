import Foundation
import Testing

/// The folder `../shared` beside the checkout: suites written by others, read and never copied.
enum SharedFolder {
  /// Neither the folder nor permission to do without it.
  struct Missing: Error, CustomStringConvertible {
    let path: String
    var description: String { "CI must have ../shared beside the checkout, and \(path) is not there." }
  }

  /// Root of the package, found from this file.
  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// The file or folder at `path`, or nil on a machine that has no such folder. In CI that is a failure.
  static func url(_ path: String, isCI: Bool = isCI) throws -> URL? {
    let url = packageRoot.deletingLastPathComponent().appending(path: "shared").appending(path: path)
    if FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) { return url }
    guard !isCI else { throw Missing(path: path) }
    print("NOT CHECKED: ../shared/\(path) is not on this machine.")
    return nil
  }

  /// The bytes of the file at `path`; nil as for `url`.
  static func bytes(_ path: String) throws -> [UInt8]? {
    try url(path).map { try Array(Data(contentsOf: $0)) }
  }

  /// The JSON of the file at `path`, read by Foundation; nil as for `url`.
  static func json(_ path: String) throws -> Any? {
    try url(path).map { try JSONSerialization.jsonObject(with: Data(contentsOf: $0)) }
  }
}

@Suite("The shared folder")
struct SharedFolderTests {
  @Test("A file that is missing fails in CI and is told elsewhere")
  func missing() throws {
    #expect(throws: SharedFolder.Missing.self) { try SharedFolder.url("nosuch", isCI: true) }
    #expect(try SharedFolder.url("nosuch", isCI: false) == nil)
  }
}
