import OData
import Synchronization
import Testing

@testable import Profiles

@Suite("Long queries take turns")
struct EvaluationQueueTests {
  /// What happened, in its order.
  private final class Journal: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// Threads that run only when the test lets them.
  private final class Threads: Sendable {
    private let work = Mutex<[@Sendable () -> Void]>([])
    func add(_ body: @escaping @Sendable () -> Void) { work.withLock { $0.append(body) } }
    var count: Int { work.withLock { $0.count } }
    func runAll() { while let next = work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { next() } }
  }

  private func begin(_ queue: EvaluationQueue, _ callerKey: EvaluationQueue.CallerKey, _ name: String) -> Bool {
    queue.begin(callerKey) { [journal] in journal.note(name) }
  }

  private let journal = Journal()
  private let one = EvaluationQueue.CallerKey(People.person(People.innocenty))
  private let other = EvaluationQueue.CallerKey(People.person(People.colleague))

  @Test("Slices of two callers alternate, however many each has")
  func slices() {
    let threads = Threads()
    let queue = EvaluationQueue(threads: 1) { threads.add($0) }
    for (name, callerKey, count) in [("a", one, 3), ("b", other, 2)] {
      #expect(begin(queue, callerKey, "\(name) begins"))
      let left = Mutex(count)
      queue.run { [journal] in
        journal.note(name)
        return left.withLock {
          $0 -= 1
          return $0 == 0
        }
      }
    }
    #expect(threads.count == 1)
    threads.runAll()
    #expect(journal.all == ["a begins", "b begins", "a", "b", "a", "b", "a"])
  }

  @Test("One evaluation of a caller runs; others wait, and beyond the bound they are refused")
  func bound() {
    let queue = EvaluationQueue(threads: 1) { $0() }
    for number in 0...Limits.evaluationsWaitingMax {
      #expect(begin(queue, one, "\(number)"))
    }
    #expect(!begin(queue, one, "never"))
    // Somebody else is not concerned.
    #expect(begin(queue, other, "other"))
    #expect(journal.all == ["0", "other"])
    queue.end(one)
    #expect(begin(queue, one, "last"))
    for _ in 0...Limits.evaluationsWaitingMax { queue.end(one) }
    let numbers = (1...Limits.evaluationsWaitingMax).map { "\($0)" }
    #expect(journal.all == ["0", "other"] + numbers + ["last"])
    queue.end(one)
    #expect(begin(queue, one, "again"))
    #expect(journal.all.last == "again")
  }

  @Test("Callers beyond the bound wait for their first turn, which comes before a second turn of others")
  func activeCallers() throws {
    let queue = EvaluationQueue(threads: 1) { $0() }
    let lanes = try (0...Limits.evaluationsActiveMax).map { number in
      EvaluationQueue.CallerKey(People.person(try #require(UserID("u\(number)"))))
    }
    for (number, callerKey) in lanes.enumerated() {
      #expect(begin(queue, callerKey, "\(number)"))
    }
    #expect(begin(queue, lanes[0], "0 again"))
    let last = Limits.evaluationsActiveMax
    #expect(journal.all == (0..<last).map { "\($0)" })
    queue.end(lanes[0])
    #expect(journal.all.last == "\(last)")
    queue.end(lanes[1])
    #expect(journal.all.last == "0 again")
  }

  @Test("A person through two applications, and two people through one, are different callers")
  func lanes() {
    let through = { (application: String) in
      EvaluationQueue.CallerKey(
        Caller(actor: .user(People.innocenty), tenant: .demo, applicationID: application, permissions: []))
    }
    #expect(through("a") != through("b"))
    #expect(through("a") == through("a"))
    #expect(one != other)
  }
}
