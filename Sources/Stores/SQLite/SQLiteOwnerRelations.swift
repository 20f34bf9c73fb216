import OData
import Profiles

/// Reads owners, and how requesters relate to them. Belongs to one connection and its thread.
final class SQLiteOwnerRelations {
  private let selectOwner, selectOwnerRelation, selectTenant, selectTenantVersion: SQLiteStatement
  private let names: SQLiteNames
  private var settings: TenantSettingsCache

  /// Prepares the statements on a connection. `policyDefaults` hold in these tenants where they decided nothing
  /// themselves.
  init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ policyDefaults: [TenantID: TenantPolicy]
  ) throws(SQLiteFailure) {
    self.names = names
    settings = TenantSettingsCache(policyDefaults)
    selectOwner = try connection.prepare(
      "select number, tenant, display_name from person where id = ? and tenant is not null")
    // It begins with the viewer's groups, so that the time tells nothing of how many the person is in.
    selectOwnerRelation = try connection.prepare(
      """
      select exists (select 1 from membership b cross join membership a on a.user = ?1 and a.group_id = b.group_id
        where b.user = ?2),
      (select coalesce(max(listed_as & 1), 0) + coalesce(max(listed_as & 2), 0) from profile
        where \(SQLiteProfileKey.person) = ?3 and listed = ?2)
      """)
    selectTenant = try connection.prepare("select version, json from tenant where id = ?")
    selectTenantVersion = try connection.prepare("select version from tenant where id = ?")
  }

  /// An owner with their number: `SQLiteProfileKey.nobody`, who has nothing, and nil when there is no such person.
  typealias Numbered = (number: Int64, owner: ItemOwner?)

  /// Forgets settings of tenants that were read in a transaction which is rolled back, at least to a savepoint.
  func forget() { settings.forget() }

  /// An owner, and as much of the requester's relation to them as `authorization` needs. The caller runs it in the
  /// transaction of the read that it is for.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> Numbered {
    let plain = try plainOwner(user)
    guard let viewer = authorization.viewer(of: user) else {
      guard authorization.needsPolicy, let owner = plain.owner else { return plain }
      let related = ItemOwner(
        tenant: owner.tenant, displayName: owner.displayName, try known(owner.tenant), viewer: nil,
        sharesGroup: false, listed: .me)
      return (plain.number, related)
    }
    // The same look-ups run whether or not the person exists, so that the time does not tell.
    let known = try known(plain.owner?.tenant ?? viewer.tenant)
    try selectOwnerRelation.bind(user.text, viewer.user.text, plain.number)
    let relation = try selectOwnerRelation.first { row throws(SQLiteFailure) in
      (sharesGroup: row.int64(0) != 0, listed: Audience(rawValue: row.int64(1)))
    }
    guard let relation else { return (SQLiteProfileKey.nobody, nil) }
    let related = ItemOwner(
      tenant: plain.owner?.tenant ?? viewer.tenant, displayName: plain.owner?.displayName, known, viewer: viewer,
      sharesGroup: relation.sharesGroup, listed: relation.listed)
    return (plain.number, plain.owner == nil ? nil : related)
  }

  private func plainOwner(_ user: UserID) throws(SQLiteFailure) -> Numbered {
    try selectOwner.bind(user.text)
    let names = names
    return try selectOwner.first { row throws(SQLiteFailure) in
      (row.int64(0), ItemOwner(tenant: try names.tenant(row.int64(1)), displayName: row.optionalText(2)))
    } ?? (SQLiteProfileKey.nobody, nil)
  }

  /// What holds in a tenant; nil when there is no such tenant.
  func tenant(_ id: TenantID) throws(SQLiteFailure) -> TenantSettings? { try known(id)?.completed }

  /// What a tenant decided itself; nil when there is no such tenant.
  func decided(_ id: TenantID) throws(SQLiteFailure) -> TenantSettings? { try known(id)?.decided }

  private func known(_ id: TenantID) throws(SQLiteFailure) -> KnownTenant? {
    try selectTenantVersion.bind(id.text)
    guard let version = try selectTenantVersion.first({ row throws(SQLiteFailure) in row.int64(0) }) else { return nil }
    if let known = settings.tenant(id, at: version) { return known }
    try selectTenant.bind(id.text)
    let read = try selectTenant.first { row throws(SQLiteFailure) in
      guard let settings = TenantSettings(id: id, json: row.bytes(1)) else { throw .row(DamagedRow.tenant) }
      return (version: row.int64(0), settings: settings)
    }
    return settings.keep(read, of: id)
  }
}
