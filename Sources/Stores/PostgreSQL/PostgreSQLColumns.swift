import OData
import Profiles

/// The columns of people, items, groups and changes.
enum PostgreSQLColumns {
  static let item = "\(itemHead), json"
  /// The columns of an item without its JSON.
  static let itemHead = "version, audience, created, collapse_start, collapse_end"
  static let person = "user_id, tenant, principal_name, display_name, version, json"
  static let group = "id, tenant, version, json"
  static let groupPhoto = "group_id, version, json"
  static let change = """
    user_id, tenant, time, kind, collection, item, properties, version_before, version_after, acting_user, acting_app
    """

  /// The columns with the alias of their table before each.
  static func of(_ alias: String, _ columns: String) -> String {
    "\(alias).\(columns.replacing(", ", with: ", \(alias)."))"
  }
}

extension PostgreSQLRow {
  /// The item whose columns begin at `column`.
  func item(_ key: ItemKey, from column: Int) throws(PostgreSQLFailure) -> StoredItem {
    let item = StoredItem(
      key: key, version: int64(column), audience: int64(column + 1), createdTicks: int64(column + 2),
      collapseStart: optionalInt64(column + 3), collapseEnd: optionalInt64(column + 4), json: bytes(column + 5))
    guard let item else { throw .row(DamagedRow.item) }
    return item
  }

  /// The id of an item in `column`. Like everything that follows, throws `PostgreSQLFailure.row` when the columns do
  /// not form it.
  func itemID(_ column: Int) throws(PostgreSQLFailure) -> ItemID {
    guard let id = ItemID(text(column)) else { throw .row(DamagedRow.item) }
    return id
  }

  /// The id of a person in `column`.
  func userID(_ column: Int) throws(PostgreSQLFailure) -> UserID {
    guard let id = UserID(text(column)) else { throw .row(DamagedRow.user) }
    return id
  }

  /// The id of a group in `column`.
  func groupID(_ column: Int) throws(PostgreSQLFailure) -> GroupID {
    guard let id = GroupID(text(column)) else { throw .row(DamagedRow.group) }
    return id
  }

  /// The id of a tenant in `column`.
  func tenantID(_ column: Int) throws(PostgreSQLFailure) -> TenantID {
    guard let id = TenantID(text(column)) else { throw .row(DamagedRow.tenant) }
    return id
  }

  /// The person whose columns begin at `column`.
  func person(from column: Int = 0) throws(PostgreSQLFailure) -> StoredUser {
    StoredUser(
      id: try userID(column), tenant: try tenantID(column + 1), principalName: optionalText(column + 2),
      displayName: optionalText(column + 3), version: Version(number: int64(column + 4)), json: bytes(column + 5))
  }

  /// The group whose columns begin at `column`.
  func group(from column: Int = 0) throws(PostgreSQLFailure) -> StoredGroup {
    StoredGroup(
      id: try groupID(column), tenant: try tenantID(column + 1), version: Version(number: int64(column + 2)),
      json: bytes(column + 3))
  }

  /// The photo of a group whose columns begin with the first one.
  func groupPhoto() throws(PostgreSQLFailure) -> StoredGroupPhoto {
    StoredGroupPhoto(group: try groupID(0), version: Version(number: int64(1)), json: bytes(2))
  }

  /// The change whose columns begin with the first one.
  func change() throws(PostgreSQLFailure) -> Change {
    guard let time = DateTimeOffset(ticks: int64(2)), let kind = Change.Kind(rawValue: int64(3)) else {
      throw .row(DamagedRow.change)
    }
    return Change(
      time: time, kind: kind, user: try userID(0), tenant: try tenantID(1), collection: optionalText(4),
      item: optionalText(5).flatMap(ItemID.init), properties: text(6).split(separator: ",").map(String.init),
      versionBefore: optionalInt64(7).map(Version.init(number:)),
      versionAfter: optionalInt64(8).map(Version.init(number:)), actingUser: optionalText(9).flatMap(UserID.init),
      actingApplication: optionalText(10))
  }
}
