import OData
public import Profiles

/// What commands and the start of a server ask of a store beyond what requests do. Everything here blocks.
public protocol AdministeredStore: ProfileStore {
  /// What the writers did since the start.
  var writeCounts: StoreWriteCounts { get }

  /// What an operator should know although writes are taken, as a sentence; nil when there is nothing. Cheap to ask.
  var warning: String? { get }

  /// Whether nobody was ever stored.
  func isEmpty() throws -> Bool

  /// Counts everything, by reading through it.
  func totals() throws -> StoreTotals

  /// Looks through everything for what does not fit together. Reports at most `Limits.checkFindingsMax` faults.
  func check() throws -> [CheckFinding]

  /// Somebody by id or, when nobody has that, by principal name.
  func person(_ reference: String, in tenant: TenantID) throws -> StoredUser?

  /// Every tenant, by id.
  func tenants() throws -> [TenantSettings]

  /// Adds a tenant that decided nothing, unless it is there.
  func addTenant(_ id: TenantID) throws

  /// Changes what a tenant decided; false when there is no such tenant.
  @discardableResult
  func changeTenant(_ id: TenantID, _ change: (inout TenantSettings) throws -> Void) throws -> Bool

  /// Whether a group is one of a tenant.
  func hasGroup(_ id: GroupID, in tenant: TenantID) throws -> Bool

  /// Gives all that is held on an id in a tenant, as of one moment: the person, their memberships and items, and then
  /// the rows of the audit log that are about them or that say what they did. Those are given of somebody who is gone, too.
  func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void) throws
}

/// How much a database holds.
public struct StoreTotals: Equatable, Sendable {
  public let users: Int
  public let items: Int
  /// Rows of the change log.
  public let changes: Int
}

/// A fault that a check found. It names the place, and never a value.
public struct CheckFinding: Equatable, Sendable {
  /// The person at whose data the fault lies; nil when it lies in the file as such.
  public let user: UserID?
  /// The item's collection and id; nil when the fault is not in an item.
  public let collection: String?
  public let item: ItemID?
  /// What is wrong, as a sentence.
  public let message: String
}

extension CheckFinding {
  static func inFile(_ message: String) -> CheckFinding {
    CheckFinding(user: nil, collection: nil, item: nil, message: message)
  }
}
