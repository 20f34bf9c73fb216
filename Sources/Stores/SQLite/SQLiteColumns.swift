import OData
import Profiles

/// The columns of people, items, groups and changes.
enum SQLiteColumns {
  /// The columns of an item without its id.
  static let item = "key, version, created, collapse_start, collapse_end, json"
  /// The columns of a person.
  static let user = "id, tenant, principal_name, display_name, version, json"
  /// The condition that a person of the tenant `?1` has a principal name with the key `?3`, whose first bytes are `?2`:
  /// those have an index. For the plus sign see `SQLiteUserQuery`.
  static let isNamed = """
    tenant = ?1 and \(SQLiteSchema.sortKey("principal_name_folded")) = ?2 and +principal_name_folded = ?3
    """

  /// The first bytes of a text: as many as an index holds.
  static func beginning(of text: String) -> [UInt8] { Array(text.utf8.prefix(Limits.orderTextBytesMax)) }

  /// The columns of a group.
  static let group = "id, tenant, version, json"
  /// The statement that reads the links of a group.
  static let selectLinks = "select tenant, links from directory_group where id = ?"
  /// The columns of the photo of a group.
  static let groupPhoto = "group_id, version, json"
  /// The columns of a row of the audit log, without its person and its tenant.
  static let change = """
    time, kind, collection, item, properties, version_before, version_after, acting_user, acting_app, position, previous
    """
  /// The number of those columns.
  static let changeCount: Int32 = 11

  /// The columns of a table with an alias.
  static func of(_ alias: String, _ columns: String) -> String {
    "\(alias).\(columns.replacing(", ", with: ", \(alias)."))"
  }
}

extension SQLiteStatement {
  /// The item whose `SQLiteColumns.item` begin at `column`.
  func item(_ key: ItemKey, from column: Int32) throws(SQLiteFailure) -> StoredItem {
    let item = StoredItem(
      key: key, version: int64(column + 1), audience: SQLiteProfileKey(int64(column)).audience.rawValue,
      createdTicks: int64(column + 2), collapseStart: optionalInt64(column + 3), collapseEnd: optionalInt64(column + 4),
      json: withBlob(column + 5) { SQLiteEntityJSON.restored($0, key.id.text) })
    guard let item else { throw .row(DamagedRow.item) }
    return item
  }

  /// The id of an item in `column`.
  func itemID(_ column: Int32) throws(SQLiteFailure) -> ItemID {
    switch SQLiteIdentifier(column: column, of: self) {
    case .guid(let high, let low): return ItemID(guid: high, low)
    case .text(let text):
      guard let id = ItemID(text) else { throw .row(DamagedRow.item) }
      return id
    }
  }

  /// The person whose `SQLiteColumns.user` begin with the first column.
  func user(_ names: SQLiteNames) throws(SQLiteFailure) -> StoredUser {
    guard let id = UserID(text(0)) else { throw .row(DamagedRow.user) }
    let json = withBlob(5) { SQLiteEntityJSON.restored($0, id.text) }
    guard StoredItem.isEntity(json) else { throw .row(DamagedRow.user) }
    return StoredUser(
      id: id, tenant: try names.tenant(int64(1)), principalName: optionalText(2), displayName: optionalText(3),
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

  /// The photo of a group whose `SQLiteColumns.groupPhoto` begin with the first column.
  func groupPhoto() throws(SQLiteFailure) -> StoredGroupPhoto {
    guard let id = GroupID(text(0)) else { throw .row(DamagedRow.group) }
    return StoredGroupPhoto(group: id, version: Version(number: int64(1)), json: bytes(2))
  }

  /// The links of those groups that exist; for `SQLiteColumns.selectLinks`.
  func links(of groups: [GroupID]) throws(SQLiteFailure) -> [GroupID: LinkedGroup] {
    var found: [GroupID: LinkedGroup] = [:]
    for group in groups {
      try bind(group.text)
      found[group] = try first { row throws(SQLiteFailure) in
        guard let tenant = TenantID(row.text(0)), let links = GroupLinks(json: row.bytes(1)) else {
          throw .row(DamagedRow.group)
        }
        return LinkedGroup(tenant: tenant, links: links)
      }
    }
    return found
  }

  /// The row of the audit log of a person whose `SQLiteColumns.change` begin with the first column.
  func auditEntry(of owner: AuditChainOwner, _ names: SQLiteNames) throws(SQLiteFailure) -> AuditEntry {
    guard let time = DateTimeOffset(ticks: int64(0)), let kind = Change.Kind(rawValue: int64(1)) else {
      throw .row(DamagedRow.change)
    }
    let change = Change(
      time: time, kind: kind, user: owner.user, tenant: owner.tenant,
      collection: try optionalInt64(2).map { number throws(SQLiteFailure) in try names.collection(number) },
      item: optionalIdentifier(3).flatMap(ItemID.init), properties: try names.properties(bytes(4)),
      versionBefore: optionalInt64(5).map(Version.init(number:)),
      versionAfter: optionalInt64(6).map(Version.init(number:)),
      actingUser: optionalIdentifier(7).flatMap(UserID.init), actingApplication: optionalIdentifier(8))
    return AuditEntry(position: int64(9), change: change, older: optionalInt64(10))
  }
}
