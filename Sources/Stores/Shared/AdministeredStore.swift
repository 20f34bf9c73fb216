import OData
public import Profiles

/// What commands and the start of a server need of a store beyond what requests need. Every call blocks.
///
/// The functions that throw throw `StoreError`: `closed` after `close`, `damaged` where a row cannot be read, and whatever
/// else keeps the database from answering.
public protocol AdministeredStore: ProfileStore {
  /// What the writers did since the start.
  var writeCounts: StoreWriteCounts { get }

  /// What an operator should know although writes are taken, as a sentence; nil when there is nothing. Cheap to read.
  var warning: String? { get }

  /// The nodes of a database that is spread over several; none for any other. Cheap to read.
  var nodeConditions: [StoreNodeCondition] { get }

  /// Whether no person was ever stored.
  func isEmpty() throws -> Bool

  /// Counts people, items and changes, by reading through them.
  func totals() throws -> StoreTotals

  /// Checks everything that is stored: that it is of its type, agrees with what is stored beside it, and with the audit log.
  /// Reports at most `Limits.checkFindingsMax` faults.
  func check() throws -> [CheckFinding]

  /// The person with this id or, when there is none, with this principal name.
  func person(_ reference: String, in tenant: TenantID) throws -> StoredUser?

  /// Every tenant, by id.
  func tenants() throws -> [TenantSettings]

  /// Adds a tenant that decided nothing, unless it is there.
  func addTenant(_ id: TenantID) throws

  /// Changes what a tenant decided; false when there is no such tenant. Nothing is written when nothing changes. Throws what
  /// `change` throws, too.
  @discardableResult
  func changeTenant(_ id: TenantID, _ change: (inout TenantSettings) throws -> Void) throws -> Bool

  /// Whether a group belongs to a tenant.
  func hasGroup(_ id: GroupID, in tenant: TenantID) throws -> Bool

  /// Exports all that is held on an id in a tenant, from one snapshot: the person, their memberships and items, then the rows
  /// of the audit log that are about them or that tell what they did. After an erasure the rows are still exported. Throws
  /// what `lines` and `changes` throw, too.
  func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void) throws
}

/// How much a database holds.
public struct StoreTotals: Equatable, Sendable {
  /// People.
  public let users: Int
  /// Items of all people.
  public let items: Int
  /// Rows of the audit log.
  public let changes: Int
}
