import OData
public import Profiles

/// How a store on SQLite is opened.
public struct SQLiteOptions: Sendable {
  /// Whether the integrity of the file is checked in the background after the start.
  public var checksIntegrity: Bool
  /// The policies that hold in these tenants where they decided nothing themselves.
  public var policyDefaults: [TenantID: TenantPolicy]
  /// Whether changes go to the audit log. Only a benchmark turns that off, to measure what it costs.
  package var keepsAuditLog = true
  /// Pages of write-ahead log after which it is emptied; tests lower it.
  package var logPages = Limits.logPages
  /// Whether no other store has the data directory, so that this one empties the write-ahead log.
  var isOwner = true
  /// Runs on the writer's thread before the commit of every group; tests look there for answers that came too early.
  package var beforeCommit: (@Sendable () -> Void)?

  /// Receives the progress of copying a database of the former layout, on the thread that opens the store.
  public var onMigration: (@Sendable (SQLiteMigrationProgress) -> Void)?
  /// Runs before every step of that copy; tests throw from it to stop the copy.
  package var beforeMigrationStep: (@Sendable () throws -> Void)?
  /// Most people that one transaction of that copy writes; tests lower it.
  package var migrationPeople = Limits.migrationPeopleMax
  /// The bytes that are free on the disk of a directory; nil when that is not known. Tests say how many.
  package var freeBytes: @Sendable (_ directory: String) -> Int64? = { SQLiteLayoutMigration.freeBytes(in: $0) }

  /// The options of a server.
  public init(checksIntegrity: Bool = true, policyDefaults: [TenantID: TenantPolicy] = [:]) {
    self.checksIntegrity = checksIntegrity
    self.policyDefaults = policyDefaults
  }
}
