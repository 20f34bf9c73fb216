import OData
import Profiles

/// Derives owners, and how requesters relate to them, from rows. Belongs to one connection and its thread.
final class PostgreSQLOwnerRelations {
  /// What one row tells of a person, and of how a viewer relates to them.
  struct OwnerRow: Equatable {
    let tenant: TenantID
    let displayName: String?
    let tenantVersion: Int64
    let sharesGroup: Bool
    let listed: Audience

    /// Reads the columns from `column` on.
    init(_ row: PostgreSQLRow, from column: Int) throws(PostgreSQLFailure) {
      tenant = try row.tenantID(column)
      displayName = row.optionalText(column + 1)
      tenantVersion = row.int64(column + 2)
      sharesGroup = row.int64(column + 3) != 0
      listed = Audience(rawValue: row.int64(column + 4))
    }

    /// Reads the answer to the one query of a look-up; nil when there is no such person.
    init?(_ rows: PostgreSQLRows) throws(PostgreSQLFailure) {
      guard let row = rows.first else { return nil }
      try self.init(row, from: 0)
    }

    /// The row of a person of whom their chain tells, where no relation is needed.
    init(_ owner: PostgreSQLChainOwners.Owner, of tenant: TenantID) {
      self.tenant = tenant
      displayName = owner.displayName
      (tenantVersion, sharesGroup, listed) = (0, false, .me)
    }

    private init(_ row: OwnerRow, tenantVersion: Int64) {
      (tenant, displayName, sharesGroup, listed) = (row.tenant, row.displayName, row.sharesGroup, row.listed)
      self.tenantVersion = tenantVersion
    }

    /// The same row with another version of the tenant.
    func with(tenantVersion: Int64) -> OwnerRow { OwnerRow(self, tenantVersion: tenantVersion) }

    /// A row of what was read apart, of which `person` holds the plain columns.
    init(_ person: PostgreSQLRow, tenantVersion: Int64, sharesGroup: Bool, listed: Audience) throws(PostgreSQLFailure) {
      tenant = try person.tenantID(0)
      displayName = person.optionalText(1)
      (self.tenantVersion, self.sharesGroup, self.listed) = (tenantVersion, sharesGroup, listed)
    }
  }

  /// The columns of an `OwnerRow`, of the person `p`, whose id is `owner`, and the viewer whose id is `viewer`. The
  /// subqueries repeat a parameter as the owner's id: a condition such as `l.user_id = p.user_id` is resolved only when
  /// the query runs, and a distributed database then asks every shard.
  static func columns(owner: String, viewer: String) -> String {
    columns(
      owner: owner, viewer: viewer,
      sharesGroup: """
        (exists (select 1 from membership b join membership a on a.user_id = \(owner) and a.group_id = b.group_id
          where b.user_id = \(viewer)))::int::bigint
        """)
  }

  /// The columns for a viewer of another tenant, who shares no group.
  static func foreignColumns(owner: String, viewer: String) -> String {
    columns(owner: owner, viewer: viewer, sharesGroup: "0::bigint")
  }

  private static func columns(owner: String, viewer: String, sharesGroup: String) -> String {
    """
    p.tenant, p.display_name, coalesce((select t.version from tenant t where t.id = p.tenant), 0)::bigint,
    \(sharesGroup),
    coalesce((select bit_or(l.listed_as) from item l where l.user_id = \(owner) and l.listed = \(viewer)), 0)::bigint
    """
  }

  /// The columns where no relation is needed, which an owner's own requests need not pay for.
  static let plainColumns = "p.tenant, p.display_name, 0::bigint, 0::bigint, 0::bigint"

  static let selectPlain = PostgreSQLStatement(
    "select_owner", "select \(plainColumns) from person p where p.user_id = $1::text")
  static let select = PostgreSQLStatement(
    "select_owner_relation",
    "select \(columns(owner: "$1::text", viewer: "$2::text")) from person p where p.user_id = $1::text")
  static let selectForeign = PostgreSQLStatement(
    "select_foreign_owner",
    "select \(foreignColumns(owner: "$1::text", viewer: "$2::text")) from person p where p.user_id = $1::text")
  static let selectTenant = PostgreSQLStatement(
    "select_tenant", "select version, json from tenant where id = $1::text")

  private var settings: TenantSettingsCache

  /// `policyDefaults` hold in these tenants where they decided nothing themselves.
  init(_ policyDefaults: [TenantID: TenantPolicy]) { settings = TenantSettingsCache(policyDefaults) }

  /// Forgets settings of tenants that were read in a transaction which is rolled back, at least to a savepoint.
  func forget() { settings.forget() }

  /// An owner, and as much of the requester's relation to them as `authorization` needs. `fetch` reads the row of a tenant
  /// whose settings are not known in their present version.
  func owner(
    _ row: OwnerRow, _ user: UserID, _ authorization: AuthorizationContext,
    _ fetch: (TenantID) throws(PostgreSQLFailure) -> PostgreSQLRow?
  ) throws(PostgreSQLFailure) -> ItemOwner {
    guard authorization.needsOwnerRelation(to: user) else {
      return ItemOwner(tenant: row.tenant, displayName: row.displayName)
    }
    let known = try known(row, fetch) ?? settings.tenant(version: 0, TenantSettings(id: row.tenant))
    return ItemOwner(
      tenant: row.tenant, displayName: row.displayName, known, viewer: authorization.viewer(of: user),
      sharesGroup: row.sharesGroup, listed: row.listed)
  }

  private func known(
    _ row: OwnerRow, _ fetch: (TenantID) throws(PostgreSQLFailure) -> PostgreSQLRow?
  ) throws(PostgreSQLFailure) -> KnownTenant? {
    if let known = settings.tenant(row.tenant, at: row.tenantVersion) { return known }
    let read = try fetch(row.tenant).map { tenant throws(PostgreSQLFailure) in
      (version: tenant.int64(0), settings: try Self.decided(row.tenant, tenant.bytes(1)))
    }
    return settings.keep(read, of: row.tenant)
  }

  /// What a tenant decided, from its row.
  static func decided(_ id: TenantID, _ json: [UInt8]) throws(PostgreSQLFailure) -> TenantSettings {
    guard let settings = TenantSettings(id: id, json: json) else { throw .row(DamagedRow.tenant) }
    return settings
  }

  /// What holds in a tenant that decided this.
  func completed(_ decided: TenantSettings) -> TenantSettings { settings.completed(decided) }
}
