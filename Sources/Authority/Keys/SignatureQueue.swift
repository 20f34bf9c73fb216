import Dispatch
import OData
import Synchronization

/// Why a token could not be signed.
public enum SigningFailure: Error, Equatable, Sendable {
  /// `Limits.signaturesWaitingMax` tokens already wait.
  case busy
  /// There is no key, and none can be made.
  case noKey(KeyFileError)
  /// The library failed to sign.
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

/// Makes signatures one after another, off the event loops and the cooperative pool: each takes 1 ms, too long for an
/// event loop and, when many are asked for, for threads that others need.
struct SignatureQueue: Sendable {
  private final class Count: Sendable {
    let waiting = Atomic<Int>(0)
  }

  private let count = Count()
  private let run: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

  /// A queue whose work `run` performs later, on a thread that may be busy for long.
  init(run: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void) { self.run = run }

  /// A queue on the one serial dispatch queue of this process that signs.
  static func serial() -> SignatureQueue { SignatureQueue { work in signing.async(execute: work) } }

  private static let signing = DispatchQueue(label: "facet.signatures")

  /// A token with these claims. Throws `SigningFailure.busy` at once when `Limits.signaturesWaitingMax` tokens already
  /// wait, and `.refused` when the library fails.
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
