import OData
import Profiles

/// Compares the two tables of memberships, page by page: each row must be in both.
struct PostgreSQLMemberCheck {
  private let connection: PostgreSQLConnection

  /// Compares the tables of the database of a connection.
  init(_ connection: PostgreSQLConnection) { self.connection = connection }

  /// The faults, in a database that has these groups.
  func findings(_ groups: [GroupID]) throws -> [CheckFinding] {
    try groupFindings(groups) + findings(in: Self.byPerson, beside: Self.byGroupBeside, .unlistedMember)
      + findings(in: Self.byGroup, beside: Self.byPersonBeside, .listedStranger)
  }

  /// Groups that nobody can be added to.
  private func groupFindings(_ groups: [GroupID]) throws -> [CheckFinding] {
    let known = Set(try connection.rows(Self.groups).rows.map { PostgreSQLRow($0).text(0) })
    return known == Set(groups.map(\.text)) ? [] : [.inDatabase(CheckFinding.otherGroups)]
  }

  /// The rows of one table that the other lacks.
  private func findings(
    in table: PostgreSQLStatement, beside other: PostgreSQLStatement, _ fault: CheckFinding.MembershipFault
  ) throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    var last = Membership(user: "", group: "")
    while findings.count < Limits.checkFindingsMax {
      let page = try Self.memberships(connection.rows(table, .text(last.user), .text(last.group)))
      guard let end = page.last else { break }
      last = end
      let found = try Self.memberships(
        connection.rows(other, .texts(page.map(\.user)), .texts(Array(Set(page.map(\.group))))))
      findings += Set(page).subtracting(found).map { .ofPerson(UserID($0.user), fault.rawValue) }
    }
    return findings
  }

  private struct Membership: Hashable {
    let user: String
    let group: String
  }

  private static func memberships(_ rows: PostgreSQLRows) -> [Membership] {
    rows.rows.map(PostgreSQLRow.init).map { Membership(user: $0.text(0), group: $0.text(1)) }
  }

  private static let byPerson = PostgreSQLStatement(
    "check_memberships",
    """
    select user_id, group_id from membership where (user_id, group_id) > ($1::text, $2::text)
    order by user_id, group_id limit 500
    """)
  private static let byPersonBeside = PostgreSQLStatement(
    "check_memberships_beside",
    "select user_id, group_id from membership where user_id = any($1::text[]) and group_id = any($2::text[])")
  private static let byGroup = PostgreSQLStatement(
    "check_members",
    """
    select user_id, group_id from group_member where (group_id, user_id) > ($2::text, $1::text) and user_id <> ''
    order by group_id, user_id limit 500
    """)
  private static let byGroupBeside = PostgreSQLStatement(
    "check_members_beside",
    "select user_id, group_id from group_member where user_id = any($1::text[]) and group_id = any($2::text[])")
  private static let groups = PostgreSQLStatement(
    "check_held_groups", "select group_id from group_member where user_id = ''")
}
