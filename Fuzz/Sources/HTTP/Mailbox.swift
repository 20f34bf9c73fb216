import Dispatch
import Synchronization

/// An error that must not occur here.
struct Unexpected: Error {
  let what: String
}

/// A queue of work from the store's threads for the one thread that runs the event loop.
final class Mailbox: Sendable {
  typealias Work = @Sendable () -> Void

  private let waiting = Mutex<[Work]>([])
  private let arrived = DispatchSemaphore(value: 0)

  func put(_ work: @escaping Work) {
    waiting.withLock { $0.append(work) }
    arrived.signal()
  }

  /// Takes the next work; nil when none arrives in time.
  func take(within time: DispatchTimeInterval) -> Work? {
    guard arrived.wait(timeout: .now() + time) == .success else { return nil }
    return waiting.withLock { $0.removeFirst() }
  }
}

/// Runs asynchronous work and waits for its result.
func waiting<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
  let outcome = Outcome<Value>()
  Task {
    do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
  }
  return try outcome.get()
}

/// Passes one result from a thread to another one that waits for it.
final class Outcome<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let isSet = DispatchSemaphore(value: 0)

  func set(_ value: Result<Value, any Error>) {
    result.withLock { $0 = value }
    isSet.signal()
  }

  func get() throws -> Value {
    isSet.wait()
    guard let result = result.withLock({ $0 }) else { throw Unexpected(what: "no result") }
    return try result.get()
  }
}
