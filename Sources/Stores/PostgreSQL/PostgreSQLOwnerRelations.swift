import OData
import Profiles

/// Makes what must be known of a person out of rows. Belongs to one connection and its thread.
final class PostgreSQLOwnerRelations {
  /// What one row says of a person, and of how somebody stands to them.
  struct Facts: Equatable {
    let tenant: TenantID
    let displayName: String?
    let tenantVersion: Int64
    let sharesGroup: Bool
    let listed: Audience

    init(_ row: PostgreSQLRow, from column: Int) throws(PostgreSQLFailure) {
      tenant = try row.tenantID(column)
      displayName = row.optionalText(column + 1)
      tenantVersion = row.int64(column + 2)
      sharesGroup = row.int64(column + 3) != 0
      listed = Audience(rawValue: row.int64(column + 4))
    }

    /// What the answer to a question says; nil when there is no such person.
    init?(_ rows: PostgreSQLRows) throws(PostgreSQLFailure) {
      guard let row = rows.first else { return nil }
      try self.init(row, from: 0)
    }
  }

  /// Asks for the facts of a person, in the eyes of somebody.
  struct Question: Hashable {
    let user: UserID
    /// The id of who looks; empty when nobody need be looked up.
    let viewer: String
    /// Whether it is asked how anybody stands to the person, and what their tenant decided.
    let needsOwnerRelation: Bool

    init(_ user: UserID, _ authorization: AuthorizationContext) {
      self.user = user
      needsOwnerRelation = authorization.needsOwnerRelation(to: user)
      viewer = authorization.viewer(of: user)?.user.text ?? ""
    }

    var query: PostgreSQLQuery {
      needsOwnerRelation
        ? PostgreSQLQuery(PostgreSQLOwnerRelations.select, .text(user.text), .text(viewer))
        : PostgreSQLQuery(PostgreSQLOwnerRelations.selectPlain, .text(user.text))
    }
  }

  /// The columns of the facts, of the person `p` and the viewer whose id is `viewer`.
  static func columns(viewer: String) -> String {
    """
    p.tenant, p.display_name, coalesce((select t.version from tenant t where t.id = p.tenant), 0)::bigint,
    (exists (select 1 from membership b join membership a on a.user_id = p.user_id and a.group_id = b.group_id
      where b.user_id = \(viewer)))::int::bigint,
    coalesce((select bit_or(l.listed_as) from item l where l.user_id = p.user_id and l.listed = \(viewer)), 0)::bigint
    """
  }

  /// The columns where nobody's standing is asked for, which an owner's own requests need not pay for.
  static let plainColumns = "p.tenant, p.display_name, 0::bigint, 0::bigint, 0::bigint"

  static let selectPlain = PostgreSQLStatement(
    "select_owner", "select \(plainColumns) from person p where p.user_id = $1::text")
  static let select = PostgreSQLStatement(
    "select_standing", "select \(columns(viewer: "$2::text")) from person p where p.user_id = $1::text")
  static let selectTenant = PostgreSQLStatement(
    "select_tenant", "select version, json from tenant where id = $1::text")

  private let undecided: [TenantID: TenantPolicy]
  /// Settings that were read, by tenant; each is used only while the row has that version.
  private var settings: [TenantID: (version: Int64, settings: TenantSettings)] = [:]

  init(_ undecided: [TenantID: TenantPolicy]) { self.undecided = undecided }

  /// What must be known of a person; `fetch` reads a tenant that is not known in its present version.
  func owner(
    _ facts: Facts, _ user: UserID, _ authorization: AuthorizationContext,
    _ fetch: (TenantID) throws(PostgreSQLFailure) -> PostgreSQLRow?
  ) throws(PostgreSQLFailure) -> ItemOwner {
    guard authorization.needsOwnerRelation(to: user) else { return ItemOwner(tenant: facts.tenant, displayName: facts.displayName) }
    var found = settings[facts.tenant]
    if found?.version != facts.tenantVersion {
      found = try fetch(facts.tenant).map { row throws(PostgreSQLFailure) in
        (row.int64(0), try Self.decided(facts.tenant, row.bytes(1)))
      }
      if settings.count >= Limits.rememberedTenantsMax { settings.removeAll() }
      settings[facts.tenant] = found
    }
    let decided = found?.settings ?? TenantSettings(id: facts.tenant)
    let viewer = authorization.viewer(of: user)
    let relation = OwnerRelation(
      policy: completed(decided).policy, isFederated: viewer.map { decided.federatedWith.contains($0.tenant) } ?? false,
      sharesGroup: viewer != nil && facts.sharesGroup, listed: viewer == nil ? .me : facts.listed)
    return ItemOwner(tenant: facts.tenant, displayName: facts.displayName, relation: relation)
  }

  /// What a tenant decided, from its row.
  static func decided(_ id: TenantID, _ json: [UInt8]) throws(PostgreSQLFailure) -> TenantSettings {
    guard let settings = TenantSettings(id: id, json: json) else { throw .row("The row of a tenant is damaged.") }
    return settings
  }

  /// The same, with what holds where nothing was decided.
  func completed(_ settings: TenantSettings) -> TenantSettings {
    guard let undecided = undecided[settings.id] else { return settings }
    var completed = settings
    completed.policy = settings.policy.completed(by: undecided)
    return completed
  }
}
