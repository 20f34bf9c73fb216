import OData
import Profiles
import Testing

@testable import Stores

/// Which indexes serve people who are selected by a text, or sorted by one.
@Suite("Plans of selections")
struct SelectionPlanTests {
  private static let columns: [(column: UserColumn, index: String)] = [
    (.displayName, "person_display_name"), (.userPrincipalName, "person_principal_name"),
  ]

  private static func plan(_ selection: UserSelection, _ connection: SQLiteConnection) throws -> String {
    let query = SQLiteUserQuery(selection, after: nil)
    let explain = try connection.prepare("explain query plan \(query.text)")
    try explain.bind(all: [1] + query.parameters + [10])
    return try explain.all { row throws(SQLiteFailure) in row.text(3) }.joined(separator: "\n")
  }

  @Test("On SQLite a text is looked for, and people are sorted, by an index alone")
  func sqlite() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try SQLiteStore.open(scratch.database).close()
    let connection = try SQLiteConnection(scratch.database, .read)
    for (column, index) in Self.columns {
      let selections = [
        UserSelection(condition: .compare(column, .equal, "ann")),
        UserSelection(keys: [.init(column, isDescending: false)]),
        UserSelection(keys: [.init(column, isDescending: true)]),
      ]
      for selection in selections {
        let plan = try Self.plan(selection, connection)
        // Of people with one text alone it may have to turn the order of ids.
        let isSorted = !plan.replacing("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY", with: "").contains("TEMP B-TREE")
        #expect(plan.contains(index) && isSorted, "\(plan)")
      }
      // The expression too, not the tenant alone.
      #expect(try Self.plan(selections[0], connection).contains("AND <expr>=?"))
    }
    let statement = try connection.prepare("explain query plan select 1 from person where \(SQLiteColumns.isNamed)")
    #expect(try statement.all { row throws(SQLiteFailure) in row.text(3) }.joined().contains("<expr>=?"))
  }

  @Test("So they are on PostgreSQL")
  func postgresql() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    try database.store().close()
    try await database.psql(
      """
      insert into person select 'u' || n, 't', null, null, 1, '{}', convert_to('p' || n, 'UTF8'),
        convert_to('d' || n % 900, 'UTF8') from generate_series(1, 5000) n;
      analyze;
      """)
    for (column, index) in [
      ("principal_name_folded", UserColumn.userPrincipalName), ("display_name_folded", .displayName),
    ] {
      let name = column.replacing("_folded", with: "")
      let selections = [
        UserSelection(condition: .compare(index, .equal, "d5")),
        UserSelection(keys: [.init(index, isDescending: true)]),
        UserSelection(keys: [.init(index, isDescending: false)]),
      ]
      for selection in selections {
        let query = PostgreSQLUserQuery(selection, in: .demo, after: nil, rows: 10).query
        let nulls = [String](repeating: "null", count: query.values.count).joined(separator: ", ")
        let plan = try await database.psql(
          """
          set plan_cache_mode = force_generic_plan; prepare asked as \(query.statement.sql);
          explain (costs off) execute asked(\(nulls))
          """)
        #expect(plan.contains("person_\(name)"), "\(plan)")
      }
    }
    try await database.remove()
  }
}
