import Synchronization

/// Whether a node answers, as its watch finds out. All threads of a store share it.
final class PostgreSQLReachability: Sendable {
  /// What is known.
  enum State: Int {
    /// It answers, or was not asked yet.
    case answers
    /// It left the last question unanswered. Other nodes do what any node can do.
    case isDoubtful
    /// It has left every question unanswered for the time that requests wait for a server. What it alone can do fails at
    /// once.
    case isAway
  }

  private let current = Atomic(State.answers.rawValue)

  /// What the last question found.
  var state: State {
    get { State(rawValue: current.load(ordering: .acquiring)) ?? .answers }
    set { current.store(newValue.rawValue, ordering: .releasing) }
  }
}
