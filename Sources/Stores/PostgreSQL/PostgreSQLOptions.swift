import OData
public import Profiles

/// How a store on PostgreSQL is opened.
public struct PostgreSQLOptions: Sendable {
  /// A connection string of libpq: `postgresql://…`, or key and value pairs.
  public let url: String
  /// The directory of the audit log key.
  public let keyDirectory: String
  /// Threads that read from each server of the database, each with a connection. With a single one more reads share a round
  /// trip.
  public var readers = 1
  /// Threads that write to a database on one server, each with a connection. The writes of one person go to one of them, in
  /// their order. With fewer of them more writes share a transaction.
  public var writers = Limits.databaseWriters
  /// Longest time that a read or a write is tried again while the server cannot be reached, in seconds.
  public var retrySeconds = Limits.databaseRetrySeconds
  /// Longest wait for an answer of the server, in seconds.
  public var answerSeconds = Limits.databaseSeconds
  /// Whether statements are named and prepared once. Not behind a pooler that may give each transaction another
  /// connection.
  public var namesStatements = true
  /// The policies that hold in these tenants where they decided nothing themselves.
  public var policyDefaults: [TenantID: TenantPolicy] = [:]
  /// Whether a store that was opened before opens even while the database server is away. It refuses writes until the
  /// server is back.
  public var opensWithoutServer = false

  /// Options for the database that `url` names, with the audit log key in `keyDirectory`.
  public init(url: String, keyDirectory: String) {
    self.url = url
    self.keyDirectory = keyDirectory
  }
}
