import Dispatch
import Profiles
import Synchronization
import Testing

@testable import Stores

/// Group commit as every store uses it, with a writer that keeps nothing.
@Suite("Group commit")
struct GroupCommitTests {
  /// What a writer and its answers did, in their order.
  private final class Log: Sendable {
    private let entries = Mutex<[String]>([])

    var all: [String] { entries.withLock { $0 } }

    func append(_ entry: String) { entries.withLock { $0.append(entry) } }
  }

  /// Fails what it is told to. The write `first` is held in its commit until the gate opens, so that others queue behind it.
  private final class Writer: GroupCommitWriter {
    let counter = StoreWriteCounter()
    let sleepSecondsMax: Int?
    private let log: Log
    private let entered: DispatchSemaphore
    private let gate: DispatchSemaphore
    private let woke: DispatchSemaphore

    init(_ held: HeldGroupCommit, sleepSecondsMax: Int?) {
      (log, entered, gate, woke) = (held.log, held.entered, held.gate, held.woke)
      self.sleepSecondsMax = sleepSecondsMax
    }

    func tryCommit(_ writes: [StoreWrite], _ attempt: Int?) -> GroupCommitOutcome<Int> {
      let names = writes.map(GroupCommitTests.name)
      log.append("\(names.joined(separator: " "))@\(attempt ?? 0)")
      if names == ["first"] {
        entered.signal()
        gate.wait()
      }
      if names.contains("slow"), (attempt ?? 0) < 2 { return .retryGroup((attempt ?? 0) + 1) }
      if names.contains("bad") { return writes.count > 1 ? .retryOneByOne(nil) : .failed(.failed("bad")) }
      return .committed(
        writes.map { write in
          guard case .atomic(_, let completion) = write else { return {} }
          return { completion(.success(.applied([]))) }
        })
    }

    func afterAnswers() { log.append("answered") }

    func maintain(isIdle: Bool) {
      if isIdle { woke.signal() }
    }

    func finish() { log.append("finished") }
  }

  /// A group commit whose writer is in the commit of the write `first`.
  private struct HeldGroupCommit {
    let log = Log()
    let entered = DispatchSemaphore(value: 0)
    let gate = DispatchSemaphore(value: 0)
    let woke = DispatchSemaphore(value: 0)

    func start(sleepSecondsMax: Int? = nil) -> GroupCommit<Writer> {
      let commit = GroupCommit(Writer(self, sleepSecondsMax: sleepSecondsMax))
      commit.submit(write("first"))
      entered.wait()
      return commit
    }

    /// A write that logs its answer.
    func write(_ name: String) -> StoreWrite {
      .atomic([Put(item: Sample.phone(name))]) { [log] result in
        switch result {
        case .success: log.append("\(name) done")
        case .failure(let error): log.append("\(name) \(error)")
        }
      }
    }
  }

  private static func name(of write: StoreWrite) -> String {
    guard case .atomic(let operations, _) = write else { return "" }
    return operations.first?.key.id.text ?? ""
  }

  @Test("Writes that queue during a commit share the next one, and are answered in order after it")
  func oneGroup() {
    let held = HeldGroupCommit()
    let commit = held.start()
    for name in ["a", "b", "c"] { commit.submit(held.write(name)) }
    #expect(commit.counts.waiting == 3)
    held.gate.signal()
    commit.stop()
    commit.waitForEnd()
    #expect(
      held.log.all == [
        "first@0", "first done", "answered", "a b c@0", "a done", "b done", "c done", "answered", "finished",
      ])
    let counts = commit.counts
    #expect(counts.groups == 2 && counts.writes == 4 && counts.largestGroup == 3 && counts.waiting == 0)
  }

  @Test("The writes of a group that one of them spoils are committed one by one")
  func oneByOne() {
    let held = HeldGroupCommit()
    let commit = held.start()
    for name in ["a", "bad", "c"] { commit.submit(held.write(name)) }
    held.gate.signal()
    commit.stop()
    commit.waitForEnd()
    #expect(
      held.log.all.dropFirst(3) == [
        "a bad c@0", "a@0", "a done", "answered", "bad@0", "bad \(ProfileError.store(.failed("bad")))", "c@0", "c done",
        "answered", "finished",
      ])
    #expect(commit.counts.writes == 3)
  }

  @Test("A group that may succeed later is attempted again as a whole, and each attempt knows of those before")
  func wholeGroup() {
    let held = HeldGroupCommit()
    let commit = held.start()
    for name in ["a", "slow"] { commit.submit(held.write(name)) }
    held.gate.signal()
    commit.stop()
    commit.waitForEnd()
    #expect(
      held.log.all.dropFirst(3) == [
        "a slow@0", "a slow@1", "a slow@2", "a done", "slow done", "answered", "finished",
      ])
  }

  @Test("After a stop no write is taken, and those that wait are committed")
  func stopping() {
    let held = HeldGroupCommit()
    let commit = held.start()
    commit.submit(held.write("a"))
    commit.stop()
    commit.submit(held.write("late"))
    #expect(held.log.all == ["first@0", "late \(ProfileError.store(.closed))"])
    #expect(throws: StoreError.closed) { try commit.borrow { _ in } }
    held.gate.signal()
    commit.waitForEnd()
    #expect(held.log.all.suffix(4) == ["a@0", "a done", "answered", "finished"])
  }

  @Test("A lease runs between two groups, in the order it was taken")
  func lease() {
    let held = HeldGroupCommit()
    let commit = held.start()
    commit.submit(held.write("a"))
    let isDone = DispatchSemaphore(value: 0)
    StoreThread.start("borrower") {
      try? commit.borrow { _ in held.log.append("lent") }
      isDone.signal()
    }
    while commit.waiting < 2 { StoreThread.pause(milliseconds: 1) }
    commit.submit(held.write("b"))
    held.gate.signal()
    isDone.wait()
    commit.stop()
    commit.waitForEnd()
    #expect(
      held.log.all.dropFirst(3) == [
        "a@0", "a done", "answered", "lent", "b@0", "b done", "answered", "finished",
      ])
  }

  @Test("Writes that wait can be refused; the one that was begun and leases go on")
  func refusing() {
    let held = HeldGroupCommit()
    let commit = held.start()
    commit.submit(held.write("a"))
    let isDone = DispatchSemaphore(value: 0)
    StoreThread.start("borrower") {
      try? commit.borrow { _ in held.log.append("lent") }
      isDone.signal()
    }
    while commit.waiting < 2 { StoreThread.pause(milliseconds: 1) }
    commit.submit(held.write("b"))
    #expect(commit.refuseWaiting(.overloaded).map(Self.name) == ["a", "b"])
    #expect(commit.waiting == 1)
    held.gate.signal()
    isDone.wait()
    commit.submit(held.write("c"))
    commit.stop()
    commit.waitForEnd()
    let refusal = "\(ProfileError.store(.overloaded))"
    #expect(
      held.log.all == [
        "first@0", "a \(refusal)", "b \(refusal)", "first done", "answered", "lent", "c@0", "c done", "answered",
        "finished",
      ])
  }

  @Test("A thread without work wakes when its writer asks for it")
  func waking() {
    let held = HeldGroupCommit()
    let commit = held.start(sleepSecondsMax: 1)
    held.gate.signal()
    #expect(held.woke.wait(timeout: .now() + .seconds(60)) == .success)
    commit.stop()
    commit.waitForEnd()
  }
}
