import OData
import Profiles

/// The table by which people are found and sorted (docs/decisions/0026), with a row for each person beside theirs. A column
/// holds the keys of all indexed properties, and each property has an index on its element; an inverted index serves the
/// tokens.
enum PostgreSQLPersonIndex {
  static let insert = PostgreSQLStatement(
    "insert_person_index",
    """
    insert into person_index (user_id, tenant, keys, tokens) values ($1::text, $2::text, $3::bytea[], $4::integer[])
    """)
  static let update = PostgreSQLStatement(
    "update_person_index",
    """
    update person_index set tenant = $2::text, keys = $3::bytea[], tokens = $4::integer[] where user_id = $1::text
    """)
  static let delete = PostgreSQLStatement(
    "delete_person_index", "delete from person_index where user_id = $1::text")

  /// The keys, each at the number of its property.
  fileprivate static func keys(_ entry: PersonIndexEntry) -> [PostgreSQLValue] {
    var keys = [PostgreSQLValue](repeating: .null, count: DirectoryIndex.numberMax)
    for key in entry.keys { keys[key.property - 1] = .bytes(key.bytes) }
    return keys
  }

  /// Tokens as a parameter.
  static func tokens(_ tokens: [Int32]) -> PostgreSQLValue { .column(tokens.map(PostgreSQLValue.integer), .integer) }

  /// The key of a property in the row with an alias.
  static func key(of property: IndexedProperty, in alias: String) -> String { "\(alias).keys[\(property.number)]" }

  // MARK: Checks

  /// What a check compares.
  static let select = PostgreSQLStatement(
    "check_person_index",
    """
    select tenant, array_to_string(array(select coalesce(encode(key, 'hex'), '-') from unnest(keys) key), ' '),
    array_to_string(tokens, ' ') from person_index where user_id = $1::text
    """)

  /// The row of a person, in a form that can be compared.
  struct Row: Equatable {
    private let tenant, keys, tokens: String

    /// The row that a database holds.
    init(_ row: PostgreSQLRow) { (tenant, keys, tokens) = (row.text(0), row.text(1), row.text(2)) }

    /// The row that a person should have.
    init(_ user: StoredUser) {
      let entry = PersonIndexEntry(of: user)
      tenant = user.tenant.text
      keys = PostgreSQLPersonIndex.keys(entry).map(Self.hexadecimal).joined(separator: " ")
      tokens = entry.tokens.map { String($0) }.joined(separator: " ")
    }

    private static func hexadecimal(_ value: PostgreSQLValue) -> String {
      guard case .bytes(let bytes) = value else { return "-" }
      return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }

  // MARK: The form of the table

  private static let table = """
    create table person_index (
      user_id text collate "C" not null primary key,
      tenant text collate "C" not null,
      keys bytea[] not null,
      tokens integer[] not null
    )
    """

  /// The indexes. Those of properties by which people are not sorted hold only people who have a text.
  private static var indexes: String {
    let ofKeys = DirectoryIndex.properties.map { property in
      "create index person_key_\(property.number) on person_index (tenant, (keys[\(property.number)]), user_id)"
        + (property.isSorted ? "" : " where keys[\(property.number)] is not null")
    }
    return
      (ofKeys + [
        "create index person_tokens on person_index using gin (tokens)",
        "create index person_index_tenant on person_index (tenant, user_id)",
      ]).joined(separator: ";\n")
  }

  /// Adds the table to a database that has none, spread over nodes where the others are, and fills it.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try connection.execute(table)
    if try PostgreSQLDistribution.isDone(connection) {
      for statement in PostgreSQLDistribution.statements(for: ["person_index"]) { try connection.execute(statement) }
    }
    try fill(connection)
    try PostgreSQLSchema.execute(
      "\(indexes);\ndrop index person_principal_name;\ndrop index person_display_name", connection)
  }

  private static func fill(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    var last = ""
    while true {
      let rows = try connection.rows(people, .text(last))
      guard let end = rows.rows.last.map(PostgreSQLRow.init) else { return }
      last = end.text(0)
      let found = try rows.map { row throws(PostgreSQLFailure) in try row.person() }
      _ = try connection.run(
        found.map { person in
          let entry = PersonIndexEntry(of: person)
          return PostgreSQLQuery(
            insertUnnamed, .text(person.id.text), .text(person.tenant.text), .column(keys(entry), .bytea),
            tokens(entry.tokens))
        })
    }
  }

  private static let people = PostgreSQLStatement(
    "", "select \(PostgreSQLColumns.person) from person where user_id > $1::text order by user_id limit 500")
  private static let insertUnnamed = PostgreSQLStatement("", insert.sql)
}

extension PostgreSQLTables {
  /// Writes what a person is found by, if it differs from what the person before was found by.
  func index(_ user: StoredUser, replacing old: StoredUser?) {
    if let old, old.tenant == user.tenant {
      let (removed, added) = PersonIndexEntry.difference(from: old, to: user)
      guard !removed.isEmpty || !added.isEmpty else { return }
    }
    let entry = PersonIndexEntry(of: user)
    write(
      old == nil ? PostgreSQLPersonIndex.insert : PostgreSQLPersonIndex.update, .text(user.id.text),
      .text(user.tenant.text), .column(PostgreSQLPersonIndex.keys(entry), .bytea),
      PostgreSQLPersonIndex.tokens(entry.tokens))
  }
}
