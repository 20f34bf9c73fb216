import Profiles
import Synchronization

/// Which accounts may be disabled, for one server on a database of its own: so that an enabled account costs no read. All
/// threads of the store share it.
///
/// It only ever grows: whoever it holds is looked up in the database, where they may have been enabled again. The writer
/// notes an account before it commits, so that no request which follows the answer is let through.
final class DisabledAccounts: Sendable {
  private struct State {
    /// Hashes of the ids: two people with one hash are both looked up.
    var hashes: Set<Int> = []
  }

  /// Whether nobody needs to be looked up: the accounts were loaded, and there is none.
  private let isEmpty = Atomic(false)
  private let state = Mutex<State?>(nil)

  /// Whether the account of a person has to be looked up. True of everybody until accounts were loaded.
  func mayHold(_ user: UserID) -> Bool {
    guard !isEmpty.load(ordering: .acquiring) else { return false }
    return state.withLock { $0?.hashes.contains(user.text.hashValue) ?? true }
  }

  /// Begins with the accounts that are disabled in the database.
  func load(_ users: [UserID]) {
    state.withLock { $0 = State(hashes: Set(users.map(\.text.hashValue))) }
    isEmpty.store(users.isEmpty, ordering: .releasing)
  }

  /// Notes an account that is being disabled.
  func note(_ user: UserID) {
    state.withLock { _ = $0?.hashes.insert(user.text.hashValue) }
    isEmpty.store(false, ordering: .releasing)
  }
}
