import Foundation
import Testing

/// A document as it was accepted once, kept as a file beside the tests.
enum Golden {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens")

  /// Compares a document with the kept one. With `REGENERATE` in the environment the file is written anew, which in CI
  /// is a failure: what is compared there must have been looked at by a person.
  static func expect(
    _ bytes: [UInt8], equals name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = folder.appending(path: name)
    let environment = ProcessInfo.processInfo.environment
    if environment["REGENERATE"] != nil {
      #expect(environment["CI"] == nil, "REGENERATE must not be set in CI", sourceLocation: sourceLocation)
      try Data(bytes).write(to: file)
    }
    let kept = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    let made = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let difference = zip(kept, made).enumerated().first { $0.element.0 != $0.element.1 }
    if let difference {
      Issue.record(
        """
        \(name):\(difference.offset + 1) is
          \(difference.element.1)
        and was
          \(difference.element.0)
        If that is meant: REGENERATE=1 make test ARGS="--filter Golden", then look at the change.
        """, sourceLocation: sourceLocation)
    }
    #expect(kept.count == made.count, "\(name) has another number of lines", sourceLocation: sourceLocation)
  }
}
