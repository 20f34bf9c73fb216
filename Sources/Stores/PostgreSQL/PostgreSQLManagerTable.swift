import OData
import Profiles

/// The table of managers: who is whose manager, beside the person. A manager may have been deleted.
enum PostgreSQLManagerTable {
  static let select = PostgreSQLStatement(
    "select_manager", "select manager_id from manager where user_id = $1::text")
  static let put = PostgreSQLStatement(
    "put_manager",
    """
    insert into manager (user_id, manager_id) values ($1::text, $2::text)
    on conflict (user_id) do update set manager_id = excluded.manager_id
    """)
  static let delete = PostgreSQLStatement("delete_manager", "delete from manager where user_id = $1::text")

  /// The managers of several people, who may lie on several nodes, and the people with several ids.
  static let selectMany = PostgreSQLStatement(
    "read_managers", "select user_id, manager_id from manager where user_id = any($1::text[])")
  static let selectPeople = PostgreSQLStatement(
    "read_people", "select \(PostgreSQLColumns.person) from person where user_id = any($1::text[])")
  /// The people whose manager somebody is, who may lie on several nodes.
  static let selectReports = PostgreSQLStatement(
    "read_reports",
    """
    select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from manager m join person p on p.user_id = m.user_id
    where m.manager_id = $1::text and m.user_id > $2::text order by m.user_id limit $3::bigint
    """)
  static let selectReportIDs = PostgreSQLStatement(
    "read_report_ids", "select user_id from manager where manager_id = any($1::text[])")

  // MARK: The form of the table

  /// Adds the table to a database that has none, spread over nodes where the others are.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try PostgreSQLSchema.execute(
      """
      create table manager (
        user_id text collate "C" not null primary key,
        manager_id text collate "C" not null
      );
      create index manager_reports on manager (manager_id, user_id)
      """, connection)
    guard try PostgreSQLDistribution.isDone(connection) else { return }
    for statement in PostgreSQLDistribution.statements(for: ["manager"]) { try connection.execute(statement) }
  }
}

extension PostgreSQLReadRequest {
  /// See `DirectoryReader.managers`. The managers of one person are read where the two lie.
  static func managers(of people: [UserID]) -> Self where Answer == [UserID: StoredUser] {
    let place = people.count == 1 ? PostgreSQLPlace.person(people[0]) : .severalNodes
    let query = PostgreSQLQuery(PostgreSQLManagerTable.selectMany, .texts(people.map(\.text)))
    return Self(at: place, steps: [query]) { _, rows throws(PostgreSQLFailure) in
      var managers: [UserID: UserID] = [:]
      for row in rows[0].rows.map(PostgreSQLRow.init) { managers[try row.userID(0)] = try row.userID(1) }
      guard !managers.isEmpty else { return .done([:]) }
      return .next(Self.people(Set(managers.values), managersOf: managers))
    }
  }

  private static func people(
    _ ids: Set<UserID>, managersOf reports: [UserID: UserID]
  ) -> Self where Answer == [UserID: StoredUser] {
    let place = ids.count == 1 ? ids.first.map(PostgreSQLPlace.person) ?? .severalNodes : .severalNodes
    let query = PostgreSQLQuery(PostgreSQLManagerTable.selectPeople, .texts(ids.map(\.text)))
    return Self(at: place, [query]) { _, rows throws(PostgreSQLFailure) in
      var people: [UserID: StoredUser] = [:]
      for row in rows[0].rows.map(PostgreSQLRow.init) {
        let person = try row.person()
        people[person.id] = person
      }
      return reports.compactMapValues { people[$0] }
    }
  }

  /// See `DirectoryReader.reports`.
  static func reports(
    of manager: UserID, after id: String?, limit: Int
  ) -> Self where Answer == StoredPage<StoredUser> {
    Self(
      at: .severalNodes, PostgreSQLManagerTable.selectReports, .text(manager.text), .text(id ?? ""),
      .int(Int64(limit) + 1)
    ) { rows throws(PostgreSQLFailure) in
      try page(rows, limit: limit, size: { $0.json.count }) { row throws(PostgreSQLFailure) in try row.person() }
    }
  }

  /// See `DirectoryReader.reports`.
  static func reports(of managers: [UserID]) -> Self where Answer == [UserID] {
    Self(at: .severalNodes, PostgreSQLManagerTable.selectReportIDs, .texts(managers.map(\.text))) {
      rows throws(PostgreSQLFailure) in
      try rows.map { row throws(PostgreSQLFailure) in try row.userID(0) }
    }
  }
}
