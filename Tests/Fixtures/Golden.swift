public import Foundation

/// Golden files: documents that a person has reviewed.
public enum Golden {
  /// The difference from the golden file; nil when there is none. With `REGENERATE` in the environment the file is
  /// written again, which counts as a difference in CI, where only reviewed files may be compared. `filter` names the
  /// test that writes it.
  public static func difference(of text: String, from file: URL, filter: String) throws -> String? {
    let environment = ProcessInfo.processInfo.environment
    if environment["REGENERATE"] != nil {
      guard environment["CI"] == nil else { return "REGENERATE must not be set in CI" }
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let kept = try String(contentsOf: file, encoding: .utf8)
    guard text != kept else { return nil }
    let (old, new) = (lines(kept), lines(text))
    let place = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    return """
      \(file.lastPathComponent):\(place + 1) is
        \(new.dropFirst(place).first ?? "not there")
      and was
        \(old.dropFirst(place).first ?? "not there")
      If that is meant: REGENERATE=1 make test ARGS="--filter \(filter)", then look at the change.
      """
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }
}
