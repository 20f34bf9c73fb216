import Dispatch
import Profiles
import Synchronization

/// Collects the answers of writes as they come.
final class Answers: Sendable {
  typealias Answer = Result<ItemOutcome, ProfileError>
  private let collected = Mutex<[Answer]>([])
  private let arrived = DispatchSemaphore(value: 0)

  /// Adds an answer.
  func add(_ answer: Answer) {
    collected.withLock { $0.append(answer) }
    arrived.signal()
  }

  /// The answers so far.
  var all: [Answer] { collected.withLock { $0 } }

  /// Waits until `count` answers came.
  func wait(for count: Int) async throws -> [Answer] {
    try await blocking { [arrived] in for _ in 0..<count { arrived.wait() } }
    return all
  }
}

/// A gate that blocks every thread that enters until it is opened.
final class Gate: Sendable {
  private let visitor = DispatchSemaphore(value: 0)
  private let opened = DispatchSemaphore(value: 0)

  /// Waits for `open`.
  func enter() {
    visitor.signal()
    opened.wait()
    opened.signal()
  }

  /// Waits until a thread waits in `enter`.
  func waitForVisitor() { visitor.wait() }

  /// Lets every thread pass, now and later.
  func open() { opened.signal() }
}
