/// A statement that does for many rows what another does for one: it takes the values of each column as an array.
struct PostgreSQLBulk {
  let one: PostgreSQLStatement
  let many: PostgreSQLStatement
  let types: [PostgreSQLType]
  /// How many of the first values are the key of the row, when only the last write of a row counts; nil when each row
  /// is written once.
  var keyLength: Int?

  /// Folds the statements of a kind into one, when each is of a kind with a statement for many rows and their order
  /// makes no difference. Otherwise returns them as they are.
  static func folded(_ queries: [PostgreSQLQuery]) -> [PostgreSQLQuery] {
    guard queries.allSatisfy({ query in all.contains { $0.one == query.statement } }) else { return queries }
    return all.flatMap { bulk in
      let rows = bulk.last(of: queries.filter { $0.statement == bulk.one }.map(\.values))
      return rows.isEmpty ? [] : [bulk.query(rows)]
    }
  }

  /// The statements in an order in which those of a kind follow each other, when their order makes no difference: a node of
  /// Citus spends a tenth more on statements that alternate. Otherwise returns them as they are.
  static func gathered(_ queries: [PostgreSQLQuery]) -> [PostgreSQLQuery] {
    let kinds = [
      [PostgreSQLTables.insertItem, PostgreSQLTables.updateItem, PostgreSQLTables.updateContent],
      [PostgreSQLTables.insertRow], [PostgreSQLTables.insertChain, PostgreSQLTables.updateChain],
    ]
    let gathered = kinds.flatMap { kind in queries.filter { kind.contains($0.statement) } }
    return gathered.count == queries.count ? gathered : queries
  }

  private func last(of rows: [[PostgreSQLValue]]) -> [[PostgreSQLValue]] {
    guard let keyLength else { return rows }
    var seen: Set<[PostgreSQLValue]> = []
    return rows.reversed().filter { seen.insert(Array($0.prefix(keyLength))).inserted }
  }

  private func query(_ rows: [[PostgreSQLValue]]) -> PostgreSQLQuery {
    PostgreSQLQuery(
      many, values: types.enumerated().map { column, type in .column(rows.map { $0[column] }, type) })
  }

  /// Rows are inserted before they are updated; nothing here deletes a row.
  private static let all = [itemInserts, itemUpdates, auditInserts, chainInserts, chainUpdates]

  private static let itemTypes: [PostgreSQLType] = [
    .text, .text, .text, .bigint, .bigint, .bigint, .bigint, .bigint, .bytea, .text, .bigint,
  ]
  private static let itemColumns = "user_id, collection, id, \(PostgreSQLColumns.item), listed, listed_as"

  static let itemInserts = PostgreSQLBulk(
    one: PostgreSQLTables.insertItem,
    many: PostgreSQLStatement(
      "insert_items", "insert into item (\(itemColumns)) select * from unnest(\(columns(itemTypes)))"),
    types: itemTypes)
  static let itemUpdates = PostgreSQLBulk(
    one: PostgreSQLTables.updateItem,
    many: PostgreSQLStatement(
      "update_items",
      """
      update item i set version = n.version, audience = n.audience, created = n.created,
      collapse_start = n.collapse_start, collapse_end = n.collapse_end, json = n.json, listed = n.listed,
      listed_as = n.listed_as from unnest(\(columns(itemTypes))) as n (\(itemColumns))
      where i.user_id = n.user_id and i.collection = n.collection and i.id = n.id
      """),
    types: itemTypes, keyLength: 3)

  private static let auditTypes: [PostgreSQLType] = [
    .text, .text, .bigint, .bigint, .text, .text, .text, .bigint, .bigint, .text, .bytea, .bigint, .bytea,
  ]
  static let auditInserts = PostgreSQLBulk(
    one: PostgreSQLTables.insertRow,
    many: PostgreSQLStatement(
      "insert_rows",
      """
      insert into record (\(PostgreSQLColumns.change), position, code) select * from unnest(\(columns(auditTypes)))
      """),
    types: auditTypes)

  private static let chainTypes: [PostgreSQLType] = [.text, .text, .bigint, .bytea, .bytea]
  static let chainInserts = PostgreSQLBulk(
    one: PostgreSQLTables.insertChain,
    many: PostgreSQLStatement(
      "insert_chains",
      "insert into chain (user_id, tenant, length, tip, seal) select * from unnest(\(columns(chainTypes)))"),
    types: chainTypes)
  static let chainUpdates = PostgreSQLBulk(
    one: PostgreSQLTables.updateChain,
    many: PostgreSQLStatement(
      "update_chains",
      """
      update chain c set length = n.length, tip = n.tip, seal = n.seal
      from unnest(\(columns(chainTypes))) as n (user_id, tenant, length, tip, seal)
      where c.user_id = n.user_id and c.tenant = n.tenant
      """),
    types: chainTypes)

  /// The parameters, as arrays of these types.
  private static func columns(_ types: [PostgreSQLType]) -> String {
    types.enumerated().map { "$\($0.offset + 1)::\($0.element)[]" }.joined(separator: ", ")
  }
}
