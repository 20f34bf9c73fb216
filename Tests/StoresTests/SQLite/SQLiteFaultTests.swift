import Fixtures
import Foundation
import Testing

/// What SQLite's own tests do to it is done to the store: each call of the operating system fails in turn.
@Suite("Storage that fails")
struct SQLiteFaultTests {
  /// How long the cases may take; `make faults` runs all of them, in hours.
  private static let seconds = 75

  @Test(
    "Whichever call fails, nothing acknowledged is lost, nothing refused is there, and the answer was the right one")
  func everyCall() async throws {
    let seed = SeededGenerator.replayable("Failing storage").seed
    let outputs = try await withThrowingTaskGroup(of: (Int32, String).self) { group in
      for part in 0..<2 {
        group.addTask { try await Self.run([String(Self.seconds), String(seed), String(part), "2"]) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (status, output) in outputs {
      print(output)
      #expect(status == 0, "See the lines that begin with a cross")
    }
    // Each kind of call must have failed, or nothing was shown.
    let failed = outputs.map(\.1).joined(separator: "\n").matches(
      of: /(?m)^(.*): \d+ runs of [1-9]\d* calls, (\d+) failed/)
    let counts = Dictionary(failed.map { ($0.output.1, Int($0.output.2) ?? 0) }, uniquingKeysWith: +)
    #expect(counts.count > 60)
    for (series, count) in counts { #expect(count > 0, "\(series)") }
  }

  private static func run(_ arguments: [String]) async throws -> (Int32, String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(with: Result { try runHere(arguments) })
      }.start()
    }
  }

  private static func runHere(_ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("FaultyStore")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try ProcessGate.run(process)
    let text = try output.fileHandleForReading.readAll()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }
}
