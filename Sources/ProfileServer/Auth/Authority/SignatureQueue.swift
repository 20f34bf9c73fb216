import NIOPosix
import OData
import Synchronization

/// Why there is no signed token.
public enum SigningFailure: Error, Equatable, Sendable {
  /// As many wait as may.
  case busy
  /// There is no key, and none can be made.
  case noKey(KeyFileError)
  /// The library does not sign.
  case refused

  /// What was wrong and what to do.
  public var message: String {
    switch self {
    case .busy: "Too many tokens wait to be signed. Try again in \(Limits.signatureRetrySeconds) s."
    case .noKey(let error): error.message
    case .refused: "The token could not be signed. Check the key files of the data directory."
    }
  }
}

/// Signatures, one after the other on a thread of their own: each takes 1 ms, which is too long for an event loop and, when
/// many come at once, for the threads that others share.
struct SignatureQueue: Sendable {
  private final class Count: Sendable {
    let waiting = Atomic<Int>(0)
  }

  private let count = Count()
  private let run: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

  /// A queue whose work `run` performs later, on a thread where it may take its time.
  init(run: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void) { self.run = run }

  /// A queue on the one thread of this process that signs.
  static func onItsThread() -> SignatureQueue { SignatureQueue { work in thread.submit { _ in work() } } }

  private static let thread: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    return pool
  }()

  /// A token with these claims. At most `Limits.signaturesWaitingMax` wait; further ones are refused at once.
  func signed(_ claims: [UInt8], by key: SigningKey) async throws(SigningFailure) -> String {
    guard count.waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Limits.signaturesWaitingMax else {
      count.waiting.wrappingSubtract(1, ordering: .relaxed)
      throw .busy
    }
    let token = await withCheckedContinuation { continuation in
      run { continuation.resume(returning: key.sign(claims)) }
    }
    count.waiting.wrappingSubtract(1, ordering: .relaxed)
    guard let token else { throw .refused }
    return token
  }
}
