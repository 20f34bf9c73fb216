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
  let tenant: TenantID?

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
  func queries(isSplit: Bool, isOfTenant: Bool = false) -> [PostgreSQLQuery] {
    guard isSplit, tenant != nil else { return [query] }
    return isOfTwo && !isOfTenant ? front + [viewerQuery] + back : [plainQuery, versionQuery]
  }

  /// Whether the groups of a viewer are needed as well.
  var isOfTwo: Bool { tenant != nil && !viewer.isEmpty }

  /// What is read before the groups of the viewer. Read after the viewer has left a group, nothing of the owner may be seen
  /// with groups that were read before.
  var front: [PostgreSQLQuery] {
    [plainQuery, versionQuery, groupsQuery, PostgreSQLQuery(Self.selectListed, .text(user.text), .text(viewer))]
  }

  /// The groups of the viewer, who may lie on another node than the owner.
  var viewerQuery: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLMemberTable.selectGroups, .text(viewer)) }

  /// What must not have changed since: the policy of the tenant decides together with the groups, and a viewer who joins a
  /// group that the owner has just left shares none.
  var back: [PostgreSQLQuery] { [groupsQuery, versionQuery] }

  /// Where the viewer lies.
  var viewerPlace: PostgreSQLPlace { UserID(viewer).map(PostgreSQLPlace.person) ?? .person(user) }

  /// The look-up of a person whom the caller's tenant does not have, in one statement. Only members of a tenant share groups.
  var foreignQuery: PostgreSQLQuery {
    PostgreSQLQuery(PostgreSQLOwnerRelations.selectForeign, .text(user.text), .text(viewer))
  }

  private var versionQuery: PostgreSQLQuery {
    PostgreSQLQuery(Self.selectTenantVersion, PostgreSQLValue(tenant?.text))
  }

  private var groupsQuery: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLMemberTable.selectGroups, .text(user.text)) }

  /// Whether a row is that of a person of the caller's tenant.
  func isOfTenant(_ row: OwnerRow) -> Bool { row.tenant == tenant }

  // MARK: Answers

  /// What a look-up told.
  enum Answer: Equatable {
    /// The row; nil when there is no such person.
    case row(OwnerRow?)
    /// The row as far as it does not depend on the viewer, which decides for what the whole tenant may see.
    case ofTenant(OwnerRow)
    /// The groups of the viewer decide.
    case needsViewer
    /// The tenant of the caller has no such person: `foreignQuery` has to be asked, whether there is a person of another
    /// tenant or none, so that the time of a request does not tell.
    case notOfTenant
    /// The tenant or the owner changed meanwhile: everything has to be asked again.
    case changed
  }

  /// Reads the answers to `queries`.
  func answer(_ answers: [PostgreSQLRows], isSplit: Bool) throws(PostgreSQLFailure) -> Answer {
    guard isSplit, let tenant else { return .row(try OwnerRow(answers[0])) }
    guard answers.count == 2 else {
      let count = front.count
      return try answerOfTwo(Array(answers[..<count] + answers[(count + 1)...]), viewer: answers[count])
    }
    guard let person = answers[0].first, try person.tenantID(0) == tenant else { return .notOfTenant }
    let row = try OwnerRow(person, tenantVersion: Self.version(answers[1]), sharesGroup: false, listed: .me)
    return isOfTwo ? .ofTenant(row) : .row(row)
  }

  /// The answer for a person of whom their chain tells, nil for nobody, and the version of the tenant of the caller. As `answer`
  /// for what is split, without the viewer.
  func answer(_ person: OwnerRow?, tenantVersion: Int64) -> Answer {
    guard tenant != nil else { return .row(person) }
    guard let person, isOfTenant(person) else { return .notOfTenant }
    let row = person.with(tenantVersion: tenantVersion)
    return isOfTwo ? .ofTenant(row) : .row(row)
  }

  /// Reads the answers to `front`, to `viewerQuery` unless it was not asked, and to `back`.
  func answerOfTwo(_ answers: [PostgreSQLRows], viewer: PostgreSQLRows?) throws(PostgreSQLFailure) -> Answer {
    guard answers.count == 6 else { throw .disconnected }
    guard let person = answers[0].first, try person.tenantID(0) == tenant else { return .notOfTenant }
    let (version, groups) = (Self.version(answers[1]), answers[2].rows)
    guard version == Self.version(answers[5]), groups == answers[4].rows else { return .changed }
    guard let groupsOfViewer = viewer?.rows ?? (groups.isEmpty ? [] : nil) else { return .needsViewer }
    return .row(
      try OwnerRow(
        person, tenantVersion: version, sharesGroup: Self.haveCommonRow(groups, groupsOfViewer),
        listed: Audience(rawValue: answers[3].first?.int64(0) ?? 0)))
  }

  private static func version(_ rows: PostgreSQLRows) -> Int64 { rows.first?.int64(0) ?? 0 }

  /// The row that a look-up told, or that further statements tell, which `run` runs one after the other.
  func row(
    _ answer: Answer, _ run: ([PostgreSQLQuery]) throws(PostgreSQLFailure) -> [PostgreSQLRows]
  ) throws(PostgreSQLFailure) -> OwnerRow? {
    var answer = answer
    while true {
      switch answer {
      case .row(let row): return row
      case .ofTenant, .needsViewer, .changed: break
      case .notOfTenant:
        let row = try OwnerRow(try run([foreignQuery])[0])
        // Otherwise the tenant of the caller has got the person meanwhile.
        guard let row, isOfTenant(row) else { return row }
      }
      answer = try self.answer(try run(queries(isSplit: true)), isSplit: true)
    }
  }

  /// Whether two lists of groups have one in common.
  private static func haveCommonRow(_ left: [[[UInt8]?]], _ right: [[[UInt8]?]]) -> Bool {
    guard !left.isEmpty, !right.isEmpty else { return false }
    return !Set(left.map { $0[0] }).isDisjoint(with: right.lazy.map { $0[0] })
  }

  static let selectTenantVersion = PostgreSQLStatement(
    "select_tenant_version", "select version from tenant where id = $1::text")
  static let selectListed = PostgreSQLStatement(
    "select_listed",
    "select coalesce(bit_or(listed_as), 0)::bigint from item where user_id = $1::text and listed = $2::text")
}
