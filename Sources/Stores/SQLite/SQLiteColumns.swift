import OData
import Profiles

/// How people, items and changes lie in rows.
enum SQLiteColumns {
  /// The columns of an item without its key.
  static let item = "version, audience, created, collapse_start, collapse_end, json"
  /// The columns of a person.
  static let user = "id, tenant, principal_name, display_name, version, json"
  /// The condition of people of the tenant `?1` whose principal name has the key `?3`, which begins with `?2`: an index
  /// holds the beginnings (of the plus sign see `SQLiteUserQuery`).
  static let isNamed = """
    tenant = ?1 and \(SQLiteSchema.sortKey("principal_name_folded")) = ?2 and +principal_name_folded = ?3
    """

  /// As many bytes of a text as an index holds.
  static func beginning(of text: String) -> [UInt8] { Array(text.utf8.prefix(Limits.orderTextBytesMax)) }

  /// The columns of an item that a store keeps to look for it by whom it lists.
  static let listed = "listed, listed_as"
  /// The columns of a group.
  static let group = "id, tenant, version, json"
  /// The columns of a change.
  static let change = """
    user, tenant, time, kind, collection, item, properties, version_before, version_after, acting_user, acting_app
    """
  /// How many columns those are.
  static let changeCount: Int32 = 11
}

extension SQLiteStatement {
  /// The item whose `SQLiteColumns.item` begin at `column`.
  func item(_ key: ItemKey, from column: Int32) throws(SQLiteFailure) -> StoredItem {
    guard let created = DateTimeOffset(ticks: int64(column + 2)) else { throw .row(DamagedRow.item) }
    let json = bytes(column + 5)
    // What is read will be cut and spliced, so neither the JSON nor the range is trusted.
    guard Self.isEntity(json) else { throw .row(DamagedRow.item) }
    var collapsible: Range<Int>?
    if let start = optionalInt64(column + 3), let end = optionalInt64(column + 4) {
      guard start >= Self.entityPrefix.count, end - start > 2, end < Int64(json.count),
        json[Int(start)] == UInt8(ascii: "["), json[Int(end) - 1] == UInt8(ascii: "]")
      else { throw .row(DamagedRow.item) }
      collapsible = Int(start)..<Int(end)
    }
    return StoredItem(
      key: key, version: Version(number: int64(column)), audience: Audience(rawValue: int64(column + 1)),
      created: created, json: json, collapsible: collapsible)
  }

  /// The id of an item in `column`.
  func itemID(_ column: Int32) throws(SQLiteFailure) -> ItemID {
    guard let id = ItemID(text(column)) else { throw .row(DamagedRow.item) }
    return id
  }

  /// What must be known of an owner, from the columns tenant and display name. `likely` is a tenant that it probably
  /// is, which saves making it anew.
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
    guard let id = UserID(text(0)), let tenant = TenantID(text(1)), Self.isEntity(json) else {
      throw .row(DamagedRow.user)
    }
    return StoredUser(
      id: id, tenant: tenant, principalName: optionalText(2), displayName: optionalText(3),
      version: Version(number: int64(4)), json: json)
  }

  /// Whether the bytes are an object that begins with its key, as every stored one does.
  private static func isEntity(_ json: [UInt8]) -> Bool {
    json.count > entityPrefix.count && json.starts(with: entityPrefix) && json.last == UInt8(ascii: "}")
  }

  /// The group whose `SQLiteColumns.group` begin with the first column.
  func group() throws(SQLiteFailure) -> StoredGroup {
    let json = bytes(3)
    guard let id = GroupID(text(0)), let tenant = TenantID(text(1)), Self.isEntity(json) else {
      throw .row(DamagedRow.group)
    }
    return StoredGroup(id: id, tenant: tenant, version: Version(number: int64(2)), json: json)
  }

  private static let entityPrefix = Array("{\"id\":".utf8)

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

  /// The row of the audit log whose `SQLiteColumns.change` begin with the first column, followed by position and the place of the
  /// row before.
  func auditEntry() throws(SQLiteFailure) -> AuditEntry {
    AuditEntry(
      position: int64(SQLiteColumns.changeCount), change: try change(),
      older: optionalInt64(SQLiteColumns.changeCount + 1))
  }
}
