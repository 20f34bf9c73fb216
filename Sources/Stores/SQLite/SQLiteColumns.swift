import OData
import Profiles

/// The columns of people, items, groups and changes.
enum SQLiteColumns {
  /// The columns of an item without its key.
  static let item = "version, audience, created, collapse_start, collapse_end, json"
  /// The columns of a person.
  static let user = "id, tenant, principal_name, display_name, version, json"
  /// The condition that a person of the tenant `?1` has a principal name with the key `?3`, whose first bytes are `?2`:
  /// those have an index. For the plus sign see `SQLiteUserQuery`.
  static let isNamed = """
    tenant = ?1 and \(SQLiteSchema.sortKey("principal_name_folded")) = ?2 and +principal_name_folded = ?3
    """

  /// The first bytes of a text: as many as an index holds.
  static func beginning(of text: String) -> [UInt8] { Array(text.utf8.prefix(Limits.orderTextBytesMax)) }

  /// The columns by which an item is found through the person it lists.
  static let listed = "listed, listed_as"
  /// The columns of a group.
  static let group = "id, tenant, version, json"
  /// The columns of a change.
  static let change = """
    user, tenant, time, kind, collection, item, properties, version_before, version_after, acting_user, acting_app
    """
  /// The number of those columns.
  static let changeCount: Int32 = 11
}

extension SQLiteStatement {
  /// The item whose `SQLiteColumns.item` begin at `column`.
  func item(_ key: ItemKey, from column: Int32) throws(SQLiteFailure) -> StoredItem {
    let item = StoredItem(
      key: key, version: int64(column), audience: int64(column + 1), createdTicks: int64(column + 2),
      collapseStart: optionalInt64(column + 3), collapseEnd: optionalInt64(column + 4), json: bytes(column + 5))
    guard let item else { throw .row(DamagedRow.item) }
    return item
  }

  /// The id of an item in `column`.
  func itemID(_ column: Int32) throws(SQLiteFailure) -> ItemID {
    guard let id = ItemID(text(column)) else { throw .row(DamagedRow.item) }
    return id
  }

  /// An owner, from the columns tenant and display name. `likely` is probably their tenant, which saves making it anew.
  func owner(from column: Int32, likely: TenantID? = nil) throws(SQLiteFailure) -> ItemOwner {
    if let likely, isText(column, likely.text) {
      return ItemOwner(tenant: likely, displayName: optionalText(column + 1))
    }
    return ItemOwner(tenant: try tenantOfUser(column), displayName: optionalText(column + 1))
  }

  /// The tenant of a person.
  func tenantOfUser(_ column: Int32) throws(SQLiteFailure) -> TenantID {
    guard let tenant = TenantID(text(column)) else { throw .row(DamagedRow.user) }
    return tenant
  }

  /// The person whose `SQLiteColumns.user` begin with the first column.
  func user() throws(SQLiteFailure) -> StoredUser {
    let json = bytes(5)
    guard let id = UserID(text(0)), let tenant = TenantID(text(1)), StoredItem.isEntity(json) else {
      throw .row(DamagedRow.user)
    }
    return StoredUser(
      id: id, tenant: tenant, principalName: optionalText(2), displayName: optionalText(3),
      version: Version(number: int64(4)), json: json)
  }

  /// The group whose `SQLiteColumns.group` begin with the first column.
  func group() throws(SQLiteFailure) -> StoredGroup {
    let json = bytes(3)
    guard let id = GroupID(text(0)), let tenant = TenantID(text(1)), StoredItem.isEntity(json) else {
      throw .row(DamagedRow.group)
    }
    return StoredGroup(id: id, tenant: tenant, version: Version(number: int64(2)), json: json)
  }

  /// The change whose `SQLiteColumns.change` begin with the first column.
  func change() throws(SQLiteFailure) -> Change {
    guard let user = UserID(text(0)), let tenant = TenantID(text(1)), let time = DateTimeOffset(ticks: int64(2)),
      let kind = Change.Kind(rawValue: int64(3))
    else { throw .row(DamagedRow.change) }
    return Change(
      time: time, kind: kind, user: user, tenant: tenant, collection: optionalText(4),
      item: optionalText(5).flatMap(ItemID.init), properties: text(6).split(separator: ",").map(String.init),
      versionBefore: optionalInt64(7).map(Version.init(number:)),
      versionAfter: optionalInt64(8).map(Version.init(number:)),
      actingUser: optionalText(9).flatMap(UserID.init), actingApplication: optionalText(10))
  }

  /// The row of the audit log whose `SQLiteColumns.change` begin with the first column, followed by its position and
  /// the place of the row before.
  func auditEntry() throws(SQLiteFailure) -> AuditEntry {
    AuditEntry(
      position: int64(SQLiteColumns.changeCount), change: try change(),
      older: optionalInt64(SQLiteColumns.changeCount + 1))
  }
}
