import OData
import Profiles

/// A look-up of a person, and of how a viewer relates to them.
///
/// One statement tells it all, of one moment. On a distributed database that statement is planned anew for each request, which
/// takes longer than the rest; there the look-up is split into statements on one table each, whose plans are kept. Their
/// answers may be of different moments.
struct PostgreSQLOwnerLookup: Hashable {
  typealias OwnerRow = PostgreSQLOwnerRelations.OwnerRow

  let user: UserID
  /// The id of the viewer; empty when nobody need be looked up.
  let viewer: String
  /// Whether the relation and the tenant's settings are needed.
  let needsOwnerRelation: Bool
  /// The tenant of the caller, which most people whom they look up share; nil where no relation is needed.
  private let tenant: TenantID?

  /// The look-up of `user` that `authorization` needs.
  init(_ user: UserID, _ authorization: AuthorizationContext) {
    self.user = user
    needsOwnerRelation = authorization.needsOwnerRelation(to: user)
    viewer = authorization.viewer(of: user)?.user.text ?? ""
    tenant = needsOwnerRelation ? authorization.tenant : nil
  }

  /// The look-up in one statement, whose answer `OwnerRow` reads.
  var query: PostgreSQLQuery {
    needsOwnerRelation
      ? PostgreSQLQuery(PostgreSQLOwnerRelations.select, .text(user.text), .text(viewer)) : plainQuery
  }

  private var plainQuery: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLOwnerRelations.selectPlain, .text(user.text)) }

  // MARK: Split

  /// The statements of the look-up: one, or one on each table. `isOfTenant` leaves out how the viewer relates to the owner
  /// beyond sharing a tenant. Otherwise the version of the tenant is read before and behind, because its policy and a group
  /// decide together.
  func queries(isSplit: Bool, isOfTenant: Bool = false) -> [PostgreSQLQuery] {
    guard isSplit, let tenant else { return [query] }
    let version = PostgreSQLQuery(Self.selectTenantVersion, .text(tenant.text))
    guard !viewer.isEmpty, !isOfTenant else { return [plainQuery, version] }
    return [
      plainQuery, version, PostgreSQLQuery(PostgreSQLTables.selectMemberships, .text(user.text)),
      PostgreSQLQuery(PostgreSQLTables.selectMemberships, .text(viewer)),
      PostgreSQLQuery(Self.selectListed, .text(user.text), .text(viewer)), version,
    ]
  }

  /// What a look-up told.
  enum Answer: Equatable {
    /// The row; nil when there is no such person.
    case row(OwnerRow?)
    /// `query` has to be asked: the tenant of the caller has no such person, or it changed meanwhile. The former is so whether
    /// there is a person of another tenant or none, so that the time of a request does not tell.
    case undecided
  }

  /// Reads the answers to `queries`.
  func answer(_ answers: some Sequence<PostgreSQLRows>, isSplit: Bool) throws(PostgreSQLFailure) -> Answer {
    let answers = Array(answers)
    guard isSplit, let tenant else { return .row(try OwnerRow(answers[0])) }
    guard let person = answers[0].first, try person.tenantID(0) == tenant else { return .undecided }
    func version(_ index: Int) -> Int64 { answers[index].first?.int64(0) ?? 0 }
    guard answers.count > 2 else {
      return .row(try OwnerRow(person, tenantVersion: version(1), sharesGroup: false, listed: .me))
    }
    guard version(1) == version(5) else { return .undecided }
    return .row(
      try OwnerRow(
        person, tenantVersion: version(1), sharesGroup: Self.haveCommonRow(answers[2], answers[3]),
        listed: Audience(rawValue: answers[4].first?.int64(0) ?? 0)))
  }

  /// Whether two lists of groups have one in common.
  private static func haveCommonRow(_ left: PostgreSQLRows, _ right: PostgreSQLRows) -> Bool {
    guard !left.rows.isEmpty, !right.rows.isEmpty else { return false }
    return !Set(left.rows.map { $0[0] }).isDisjoint(with: right.rows.lazy.map { $0[0] })
  }

  static let selectTenantVersion = PostgreSQLStatement(
    "select_tenant_version", "select version from tenant where id = $1::text")
  static let selectListed = PostgreSQLStatement(
    "select_listed",
    "select coalesce(bit_or(listed_as), 0)::bigint from item where user_id = $1::text and listed = $2::text")
}
