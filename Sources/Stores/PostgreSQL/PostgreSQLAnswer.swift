import Profiles
import Synchronization

/// The completion of a read, which takes the first answer, from whatever thread it comes.
///
/// Safety: the completion is used only by what the thread that turns `isTaken` hands to the thread that the reader belongs to.
final class PostgreSQLAnswer<Value: Sendable>: @unchecked Sendable {
  private var completion: ((Result<Value, StoreError>) -> Void)?
  private let resume: Resume
  private let isTaken = Atomic(false)

  /// A completion that runs by `resume`.
  init(_ completion: @escaping (Result<Value, StoreError>) -> Void, _ resume: @escaping Resume) {
    self.completion = completion
    self.resume = resume
  }

  /// Whether there was an answer.
  var isGiven: Bool { isTaken.load(ordering: .acquiring) }

  /// Answers, the first time.
  func give(_ answer: Result<Value, StoreError>) {
    guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return }
    resume { [self] in
      let then = completion
      completion = nil
      then?(answer)
    }
  }
}
