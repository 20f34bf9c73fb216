import OData
import Profiles

/// A look-up of a person, and of how a viewer relates to them.
///
/// One statement tells it all, of one moment. On a distributed database the two may lie on different nodes. There the look-up
/// is split into statements on one table and one person each, whose plans are kept. Their answers may be of different moments.
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

  /// The look-up in one statement, whose answer `OwnerRow` reads: not on a distributed database.
  var query: PostgreSQLQuery {
    needsOwnerRelation
      ? PostgreSQLQuery(PostgreSQLOwnerRelations.select, .text(user.text), .text(viewer)) : plainQuery
  }

  private var plainQuery: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLOwnerRelations.selectPlain, .text(user.text)) }

  // MARK: Split

  /// The statements of the look-up: one, or one on each table. `isOfTenant` leaves out how the viewer relates to the owner
  /// beyond sharing a tenant.
  ///
  /// Otherwise what decides together with the viewer's groups is read before and behind them: the version of the tenant, for
  /// its policy, and the groups of the owner, because a viewer who joins a group that the owner has just left shares none.
  /// Nothing of the viewer is read before the owner: the viewer may lie on another node, which the node of the owner asks.
  func queries(isSplit: Bool, isOfTenant: Bool = false) -> [PostgreSQLQuery] {
    guard isSplit, let tenant else { return [query] }
    let version = PostgreSQLQuery(Self.selectTenantVersion, .text(tenant.text))
    guard !viewer.isEmpty, !isOfTenant else { return [plainQuery, version] }
    let groups = PostgreSQLQuery(PostgreSQLMemberTable.selectGroups, .text(user.text))
    return [
      plainQuery, version, groups, PostgreSQLQuery(PostgreSQLMemberTable.selectGroups, .text(viewer)),
      PostgreSQLQuery(Self.selectListed, .text(user.text), .text(viewer)), groups, version,
    ]
  }

  /// The look-up of a person whom the caller's tenant does not have, in one statement. Only members of a tenant share groups.
  private var foreignQuery: PostgreSQLQuery {
    PostgreSQLQuery(PostgreSQLOwnerRelations.selectForeign, .text(user.text), .text(viewer))
  }

  /// Whether a row is that of a person of the caller's tenant.
  func isOfTenant(_ row: OwnerRow) -> Bool { row.tenant == tenant }

  /// What a look-up told.
  enum Answer: Equatable {
    /// The row; nil when there is no such person.
    case row(OwnerRow?)
    /// The tenant of the caller has no such person: another statement has to be asked, whether there is a person of another
    /// tenant or none, so that the time of a request does not tell.
    case notOfTenant
    /// The tenant or the owner changed meanwhile: `queries` have to be asked again.
    case changed
  }

  /// The row that a split look-up told, or that further statements tell, which `run` runs.
  func row(
    _ answer: Answer, _ run: ([PostgreSQLQuery]) throws(PostgreSQLFailure) -> [PostgreSQLRows]
  ) throws(PostgreSQLFailure) -> OwnerRow? {
    var answer = answer
    while true {
      switch answer {
      case .row(let row): return row
      case .changed: break
      case .notOfTenant:
        let row = try OwnerRow(try run([foreignQuery])[0])
        // Otherwise the tenant of the caller has got the person meanwhile.
        guard let row, isOfTenant(row) else { return row }
      }
      answer = try self.answer(try run(queries(isSplit: true)), isSplit: true)
    }
  }

  /// Reads the answers to `queries`.
  func answer(_ answers: some Sequence<PostgreSQLRows>, isSplit: Bool) throws(PostgreSQLFailure) -> Answer {
    let answers = Array(answers)
    guard isSplit, let tenant else { return .row(try OwnerRow(answers[0])) }
    guard let person = answers[0].first, try person.tenantID(0) == tenant else { return .notOfTenant }
    func version(_ index: Int) -> Int64 { answers[index].first?.int64(0) ?? 0 }
    guard answers.count > 2 else {
      return .row(try OwnerRow(person, tenantVersion: version(1), sharesGroup: false, listed: .me))
    }
    guard version(1) == version(6), answers[2].rows == answers[5].rows else { return .changed }
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
