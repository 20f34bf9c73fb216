import Profiles

/// Memberships that a transaction of several nodes ends.
///
/// Its nodes commit one after the other. One that fails before its turn still shows what a group may see to people who have
/// left it, until Citus recovers the transaction. So the end is answered when it is there on every node. That of a single
/// membership, which the node of its person commits first, need not be looked for.
struct PostgreSQLEndedMemberships {
  private var people: [GroupID: [UserID]] = [:]

  /// Whether there are none.
  var isEmpty: Bool { people.isEmpty }

  /// Adds the memberships of people in a group.
  mutating func add(_ members: [UserID], of group: GroupID) {
    if !members.isEmpty { people[group, default: []] += members }
  }

  /// Whether one of them can still be seen.
  func isLeft(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Bool {
    let queries = people.map { group, members in
      PostgreSQLQuery(PostgreSQLMemberTable.selectLeft, .texts(members.map(\.text)), .text(group.text))
    }
    return try connection.run(queries).contains { !$0.rows.isEmpty }
  }
}
