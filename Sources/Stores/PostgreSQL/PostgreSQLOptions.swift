import OData
public import Profiles

/// How a store on PostgreSQL is opened.
public struct PostgreSQLOptions: Sendable {
  /// A connection string of libpq: `postgresql://…`, or key and value pairs.
  public let url: String
  /// The directory of the key that authenticates the audit log.
  public let keyDirectory: String
  /// Threads that read, each with a connection. A single one lets more reads share a round trip.
  public var readers = 1
  /// Threads that write, each with a connection; nil means as many as fit the database. Writes of one person keep their
  /// order on one of them.
  public var writers: Int?
  /// Longest time that a read or a write is tried again while the server cannot be reached, in seconds.
  public var retrySeconds = Limits.databaseRetrySeconds
  /// Longest wait for an answer of the server, in seconds.
  public var answerSeconds = Limits.databaseSeconds
  /// Whether statements are named and prepared once; not behind a pool that gives each transaction another connection.
  public var namesStatements = true
  /// The policies that hold in these tenants where they decided nothing themselves.
  public var policyDefaults: [TenantID: TenantPolicy] = [:]
  /// Whether a store that was opened before opens as well while the database server is away, as one that refuses writes
  /// until it is back.
  public var opensWithoutServer = false

  /// Opens the database that `url` names.
  public init(url: String, keyDirectory: String) {
    self.url = url
    self.keyDirectory = keyDirectory
  }
}
