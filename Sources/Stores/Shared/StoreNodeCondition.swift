/// The condition of one node of a database that is spread over several, for metrics.
public struct StoreNodeCondition: Equatable, Sendable {
  /// What a node does.
  public enum Role: String, Sendable {
    /// It takes what concerns several nodes: it is the server that the URL of the store names.
    case coordinator
    /// It holds people.
    case worker
  }

  /// Host and port, as the other nodes reach it; empty for a coordinator that was never reached. For operators only.
  public let name: String
  /// What it does.
  public let role: Role
  /// Whether it answered when it was last asked, which it is every second.
  public let isAnswering: Bool
  /// Whether it takes writes, as far as that was tried.
  public let takesWrites: Bool
  /// Writes that wait for it.
  public let waitingWrites: Int
  /// Shards of the table of people that lie on it.
  public let shards: Int
}
