import Fixtures
import Foundation
import HTTPProbe
import Synchronization
import Testing

/// Acknowledged writes survive the end of the process at any moment.
@Suite("Crashes", .serialized)
struct CrashTests {
  static let writers = 32

  /// The number of rounds. For a longer run, set the variable to 50.
  static let rounds = ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap { Int($0) } ?? 3

  @Test("Every acknowledged update survives SIGKILL at a random moment")
  func survivesKill() async throws {
    var random = SeededGenerator.replayable("moments of SIGKILL")
    let data = try FacetProcess.temporaryFolder()
    /// The last number that was acknowledged to each writer.
    var acknowledged: [Int: Int] = [:]
    var phones: [String] = []
    for round in 0..<Self.rounds {
      let facet = try await FacetProcess.start(data: data)
      let token = try await facet.token(user: Demo.innocentyName)
      if phones.isEmpty { phones = try await Self.makePhones(facet, token) }
      try await Self.verify(acknowledged, phones, facet, token, round: round)
      let counts = Acknowledgements(acknowledged)
      let port = facet.httpPort
      let tasks = phones.enumerated().map { writer, phone in
        Task { try await Self.write(writer, phone, port, token, counts) }
      }
      try await Self.waitUntilAllAreAcknowledged(counts)
      let milliseconds = 20 + Int(random.next() % 400)
      try await Task.sleep(for: .milliseconds(milliseconds))
      try await facet.killAtOnce()
      for task in tasks { _ = try? await task.value }
      acknowledged = counts.last.withLock { $0 }
    }
    let facet = try await FacetProcess.start(data: data)
    let token = try await facet.token(user: Demo.innocentyName)
    try await Self.verify(acknowledged, phones, facet, token, round: Self.rounds)
    #expect(acknowledged.count == Self.writers, "every writer must have been acknowledged at least once")
    #expect(try await facet.stop() == 0)
    let check = try await FacetProcess.run(["check", "--data", data.path])
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    try FileManager.default.removeItem(at: data)
  }

  final class Acknowledgements: Sendable {
    let last: Mutex<[Int: Int]>
    init(_ start: [Int: Int]) { last = Mutex(start) }

    /// The number of writers that were acknowledged in this round or an earlier one.
    var writers: Int { last.withLock(\.count) }
  }

  /// Waits, in the first round only, until every writer was acknowledged: on a busy machine some threads have not run by
  /// a moment that is counted from the start. Later rounds kill at any moment, that of the first write included.
  private static func waitUntilAllAreAcknowledged(_ counts: Acknowledgements) async throws {
    for _ in 0..<6_000 where counts.writers < writers { try await Task.sleep(for: .milliseconds(10)) }
  }

  private static func makePhones(_ facet: FacetProcess, _ token: String) async throws -> [String] {
    var ids: [String] = []
    for writer in 0..<writers {
      let answer = try await facet.probe.request(
        "POST", "/beta/me/profile/phones", token: token, body: #"{"displayName":"w\#(writer)","number":"0"}"#)
      ids.append(try #require(answer.json["id"] as? String))
    }
    return ids
  }

  /// Counts up in one phone until the connection breaks, and records what was acknowledged.
  private static func write(
    _ writer: Int, _ phone: String, _ port: Int, _ token: String, _ counts: Acknowledgements
  ) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      var number = counts.last.withLock { $0[writer] ?? 0 }
      while true {
        number += 1
        try connection.send(
          HTTPProbe.text(
            "PATCH", "/beta/me/profile/phones/\(phone)", token: token, body: #"{"number":"\#(number)"}"#))
        let answer = try connection.readAnswer()
        guard answer.status == 200 else { continue }
        let acknowledged = number
        counts.last.withLock { $0[writer] = acknowledged }
      }
    }
  }

  /// A phone holds the acknowledged number, or the next one, whose response was lost; nothing older.
  private static func verify(
    _ acknowledged: [Int: Int], _ phones: [String], _ facet: FacetProcess, _ token: String, round: Int
  ) async throws {
    for (writer, number) in acknowledged {
      let answer = try await facet.probe.request("GET", "/beta/me/profile/phones/\(phones[writer])", token: token)
      let stored = (answer.json["number"] as? String).flatMap { Int($0) } ?? -1
      #expect(stored == number || stored == number + 1, "round \(round), writer \(writer): acknowledged \(number)")
    }
  }
}
