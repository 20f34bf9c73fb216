import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import ProfileServer

@Suite("The budget of connections")
struct ConnectionBudgetTests {
  /// Collects what is logged.
  private struct CollectingLog: LogHandler {
    final class Lines: Sendable {
      let all = Mutex<[String]>([])
    }
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.level) \(event.message)") } }
  }

  private func budget(_ connectionsMax: Int) -> (ConnectionBudget, CollectingLog.Lines) {
    let lines = CollectingLog.Lines()
    let logger = Logger(label: "test") { _ in CollectingLog(lines: lines) }
    return (ConnectionBudget(connectionsMax: connectionsMax, logger: logger), lines)
  }

  @Test("The budget is full at its bound and not before, and observers are told when that changes")
  func edge() {
    let (budget, _) = budget(3)
    let calls = Mutex(0)
    budget.addObserver { calls.withLock { $0 += 1 } }
    for _ in 0..<2 { budget.opened() }
    #expect(!budget.isFull && calls.withLock { $0 } == 0)
    budget.opened()
    #expect(budget.isFull && calls.withLock { $0 } == 1)
    // Another listener was just about to accept.
    budget.opened()
    budget.closed()
    #expect(budget.isFull && calls.withLock { $0 } == 1)
    budget.closed()
    #expect(!budget.isFull && calls.withLock { $0 } == 2)
  }

  @Test("The log warns once that the budget is full, and again only after a tenth was free and a minute has passed")
  func warnsOnce() {
    let (budget, lines) = budget(20)
    let start = NIODeadline.now()
    for _ in 0..<20 { budget.opened(now: start) }
    for minute in 0..<50 {
      budget.closed()
      budget.opened(now: start + .seconds(Int64(100 * minute)))
    }
    for _ in 0..<2 { budget.closed() }
    for _ in 0..<2 { budget.opened(now: start + .seconds(59)) }
    #expect(lines.all.withLock { $0.count } == 1)
    #expect(lines.all.withLock { $0.first?.hasPrefix("warning No more connections are accepted") } == true)
    for _ in 0..<2 { budget.closed() }
    for _ in 0..<2 { budget.opened(now: start + .seconds(61)) }
    #expect(lines.all.withLock { $0.count } == 2)
  }

  @Test("Exhausted descriptors are logged once, and again after a minute without such an error")
  func exhaustion() {
    let (budget, lines) = budget(20)
    let error = IOError(errnoCode: 24, reason: "accept")
    for second in 0..<100 { budget.descriptorsExhausted(error, now: .uptimeNanoseconds(0) + .seconds(Int64(second))) }
    #expect(lines.all.withLock { $0.count } == 1)
    budget.descriptorsExhausted(error, now: .uptimeNanoseconds(0) + .seconds(99 + 61))
    #expect(lines.all.withLock { $0.count } == 2)
  }

  @Test("The number of connections is bounded by the open files of the process, and too few are an error")
  func descriptors() async throws {
    #expect(try await OpenDescriptors.connectionsMax(allowed: .max, loops: 2) == 8_192)
    let error = await #expect(throws: DescriptorsError.self) {
      try await OpenDescriptors.connectionsMax(allowed: 40, loops: 2)
    }
    #expect(error?.message.contains("ulimit -n") == true)
  }
}
