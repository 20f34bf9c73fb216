import OData
import Profiles

/// Finds out how somebody stands to a person. Belongs to one connection and its thread.
final class SQLiteOwnerRelations {
  private let selectOwner, selectOwnerRelation, selectTenant, selectTenantVersion: SQLiteStatement
  /// Settings that were read, by tenant; each is used only while the row still has that version.
  private var settings: [TenantID: (version: Int64, settings: TenantSettings)] = [:]

  private let undecided: [TenantID: TenantPolicy]

  /// Prepares the statements on a connection. `undecided` holds in tenants where they decided nothing themselves.
  init(_ connection: SQLiteConnection, _ undecided: [TenantID: TenantPolicy]) throws(SQLiteFailure) {
    self.undecided = undecided
    selectOwner = try connection.prepare("select tenant, display_name from user where id = ?")
    // It begins with the viewer's groups, so that the time tells nothing of how many the person is in.
    selectOwnerRelation = try connection.prepare(
      """
      select exists (select 1 from membership b cross join membership a on a.user = ?1 and a.group_id = b.group_id
        where b.user = ?2),
      (select coalesce(max(listed_as & 1), 0) + coalesce(max(listed_as & 2), 0) from item
        where user = ?1 and listed = ?2)
      """)
    selectTenant = try connection.prepare("select version, json from tenant where id = ?")
    selectTenantVersion = try connection.prepare("select version from tenant where id = ?")
  }

  /// What must be known of a person; nil when there is none. To be called in the transaction of the read it is for.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemOwner? {
    guard authorization.needsOwnerRelation(to: user) else { return try plainOwner(user) }
    guard let viewer = authorization.viewer(of: user) else {
      guard let owner = try plainOwner(user) else { return nil }
      let policy = try tenant(owner.tenant)?.policy ?? TenantPolicy()
      return ItemOwner(tenant: owner.tenant, displayName: owner.displayName, relation: OwnerRelation(policy: policy))
    }
    let owner = try plainOwner(user)
    // Of nobody as much is found out as of somebody.
    let settings = try tenant(owner?.tenant ?? viewer.tenant)
    try selectOwnerRelation.bind(user.text, viewer.user.text)
    let found = try selectOwnerRelation.first { row throws(SQLiteFailure) in
      (sharesGroup: row.int64(0) != 0, listed: Audience(rawValue: row.int64(1)))
    }
    guard let owner, let found else { return nil }
    let relation = OwnerRelation(
      policy: settings?.policy ?? TenantPolicy(), isFederated: settings?.federatedWith.contains(viewer.tenant) ?? false,
      sharesGroup: found.sharesGroup, listed: found.listed)
    return ItemOwner(tenant: owner.tenant, displayName: owner.displayName, relation: relation)
  }

  private func plainOwner(_ user: UserID) throws(SQLiteFailure) -> ItemOwner? {
    try selectOwner.bind(user.text)
    return try selectOwner.first { row throws(SQLiteFailure) in try row.owner(from: 0) }
  }

  /// What holds in a tenant; nil when there is no such tenant.
  func tenant(_ id: TenantID) throws(SQLiteFailure) -> TenantSettings? {
    var found = try decided(id)
    if let undecided = undecided[id], let policy = found?.policy { found?.policy = policy.completed(by: undecided) }
    return found
  }

  /// What a tenant decided itself.
  func decided(_ id: TenantID) throws(SQLiteFailure) -> TenantSettings? {
    try selectTenantVersion.bind(id.text)
    guard let version = try selectTenantVersion.first({ row throws(SQLiteFailure) in row.int64(0) }) else { return nil }
    if let known = settings[id], known.version == version { return known.settings }
    try selectTenant.bind(id.text)
    let read = try selectTenant.first { row throws(SQLiteFailure) in
      guard let settings = TenantSettings(id: id, json: row.bytes(1)) else {
        throw .row("The row of a tenant is damaged.")
      }
      return (version: row.int64(0), settings: settings)
    }
    if settings.count >= Limits.rememberedTenantsMax { settings.removeAll() }
    settings[id] = read
    return read?.settings
  }
}
