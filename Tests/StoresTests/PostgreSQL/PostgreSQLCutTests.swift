import FaultHistory
import Fixtures
import Foundation
import Profiles
import Stores
import Testing

/// The history that SQLite performs on failing storage, through a network that is cut.
@Suite("A network that is cut at one place after the other", .serialized)
struct PostgreSQLCutTests {
  /// How long it may take; `FAULT_CUTS=all` runs all of it.
  private static let seconds = ProcessInfo.processInfo.environment["FAULT_CUTS"] == "all" ? .infinity : 45.0
  /// Beside the ends of messages, every so many bytes.
  private static let byteStep = 97

  private struct Cut {
    let direction: CountingProxy.Direction
    let after: Int
  }

  @Test("Wherever it is cut, nothing acknowledged is lost, nothing refused is there, and nothing is done twice")
  func everywhere() async throws {
    var random = SeededGenerator.replayable("Cut network")
    let database = try await ThrowawayDatabase()
    let sockets = try Scratch()
    let directory = try Self.socketDirectory()
    let observer = try database.store()
    let proxy = try CountingProxy(to: directory, in: sockets.directory)
    let store = try database.store(through: proxy.directory, insteadOf: directory)
    let cuts = try await Self.offPool { try Self.cuts(store, proxy) }
    #expect(cuts.count > 500)
    // Evenly spread over the whole history, as far as time allows.
    let stride = cuts.count % 1_009 == 0 ? 1_013 : 1_009
    let order = cuts.indices.map { $0 * stride % cuts.count }
    let start = ContinuousClock.now
    var runs = 0
    var violations: [String] = []
    var counts: [FaultAnswer: Int] = [:]
    let offset = Int(random.next() % UInt64(cuts.count))
    for index in order where ContinuousClock.now - start < .seconds(Self.seconds) {
      let cut = cuts[(index + offset) % cuts.count]
      runs += 1
      let tag = Self.tag(runs)
      let outcome = try await Self.offPool { Self.run(cut, tag, store, proxy, observer) }
      counts.merge(outcome.counts, uniquingKeysWith: +)
      violations += outcome.violations.map { "\(cut.direction) after \(cut.after): \($0)" }
    }
    let answers = [FaultAnswer.acknowledged, .refused, .unknown].map { "\(counts[$0] ?? 0) \($0)" }
    print(
      "Cut network: \(runs) runs of \(cuts.count) places, \(answers.joined(separator: ", ")), \(violations.count) wrong"
    )
    for violation in violations.prefix(20) { Issue.record("\(violation)") }
    #expect(violations.isEmpty)
    #expect(try observer.check() == [])
    store.close()
    observer.close()
    proxy.close()
    try await database.remove()
    sockets.remove()
  }

  /// Equally long, so that every run sends as many bytes.
  private static func tag(_ number: Int) -> String { String(String(100_000 + number).dropFirst()) }

  /// The places to cut at, from two runs that nothing is cut in; the second has no statement left to prepare.
  private static func cuts(_ store: PostgreSQLStore, _ proxy: CountingProxy) throws -> [Cut] {
    for number in [90_001, 90_002] {
      proxy.begin()
      var answers = FaultAnswers()
      FaultHistory(tag: tag(number)).run(on: store) { name, answer, detail in
        answers.take(name, answer, detail)
        return true
      }
      #expect(answers.counts.keys.allSatisfy { $0 == .acknowledged }, "\(answers)")
    }
    return CountingProxy.Direction.allCases.flatMap { direction -> [Cut] in
      let (boundaries, bytes) = proxy.seen(direction)
      return Set(boundaries + Array(stride(from: 0, to: bytes, by: byteStep))).sorted().map {
        Cut(direction: direction, after: $0)
      }
    }
  }

  private static func run(
    _ cut: Cut, _ tag: String, _ store: PostgreSQLStore, _ proxy: CountingProxy, _ observer: PostgreSQLStore
  ) -> (violations: [String], counts: [FaultAnswer: Int]) {
    let history = FaultHistory(tag: tag)
    var answers = FaultAnswers()
    proxy.begin(cutting: (cut.direction, cut.after))
    history.run(on: store) { name, answer, detail in
      answers.take(name, answer, detail)
      return true
    }
    proxy.begin()
    return (history.verdict(answers, observer, checks: false), answers.counts)
  }

  static func socketDirectory() throws -> String {
    let server = try ThrowawayDatabase.server()
    return server.split(separator: " ").first { $0.hasPrefix("host=") }.map { String($0.dropFirst(5)) } ?? ""
  }

  private static func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try body() }) }.start()
    }
  }
}

extension ThrowawayDatabase {
  /// A store whose way to the server leads through another socket.
  func store(through directory: String, insteadOf socketDirectory: String) throws -> PostgreSQLStore {
    let place = url.replacing("host=\(socketDirectory)", with: "host=\(directory)")
    return try store { $0 = PostgreSQLOptions(url: place, keyDirectory: $0.keyDirectory) }
  }
}
