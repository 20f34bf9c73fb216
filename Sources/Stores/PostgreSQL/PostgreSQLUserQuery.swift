import OData
import Profiles

/// The SQL statement of a selection of people. It is composed of the selection, so that the database plans it for its
/// values.
struct PostgreSQLUserQuery {
  private var text: String
  private var values: [PostgreSQLValue]

  /// Selects people of a tenant after `place`, at most `rows` of them.
  init(_ selection: UserSelection, in tenant: TenantID, after place: KeysetPosition?, rows: Int) {
    values = [.text(tenant.text)]
    guard selection != UserSelection() else {
      text = "select \(PostgreSQLColumns.person) from person where tenant = $1::text"
      if let place { text += " and user_id > \(parameter(.text(place.idText), "text"))" }
      text += " order by user_id limit \(parameter(.int(Int64(rows)), "bigint"))"
      return
    }
    text = """
      select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from person_index x
      join person p on p.user_id = x.user_id where x.tenant = $1::text and p.tenant = $1::text
      """
    if let condition = selection.condition { text += " and \(clause(condition))" }
    if let place { text += " and \(clause(after: place, selection.key))" }
    var order = ["x.user_id"]
    if let key = selection.key {
      order.insert(PostgreSQLPersonIndex.key(of: key.property, in: "x") + (key.isDescending ? " desc" : ""), at: 0)
    }
    text += " order by \(order.joined(separator: ", ")) limit \(parameter(.int(Int64(rows)), "bigint"))"
  }

  /// The statement, which is not prepared: it is used once.
  var query: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLStatement("", text), values: values) }

  private mutating func parameter(_ value: PostgreSQLValue, _ type: String) -> String {
    values.append(value)
    return "$\(values.count)::\(type)"
  }

  // MARK: Conditions

  private mutating func clause(_ condition: UserCondition) -> String {
    switch condition {
    case .id(let id): return "x.user_id = \(parameter(.text(id), "text"))"
    case .key(let property, let range): return clause(property, range)
    case .tokens(let tokens): return "x.tokens @> \(parameter(PostgreSQLPersonIndex.tokens(tokens), "integer[]"))"
    case .all(let parts): return row(of: parts, "and")
    case .some(let parts): return row(of: parts, "or")
    }
  }

  private mutating func row(of parts: [UserCondition], _ word: String) -> String {
    var clauses: [String] = []
    for part in parts { clauses.append(clause(part)) }
    return "(\(clauses.joined(separator: " \(word) ")))"
  }

  private mutating func clause(_ property: IndexedProperty, _ range: KeyRange) -> String {
    let key = PostgreSQLPersonIndex.key(of: property, in: "x")
    if let only = range.onlyKey { return "\(key) = \(parameter(.bytes(only), "bytea"))" }
    let lower = "\(key) >= \(parameter(.bytes(range.lower), "bytea"))"
    guard let upper = range.upper else { return lower }
    return "(\(lower) and \(key) < \(parameter(.bytes(upper), "bytea")))"
  }

  // MARK: Places

  /// The condition of people after a position in the order. Its first part alone is found in an index.
  private mutating func clause(after place: KeysetPosition, _ sorted: UserSelection.Key?) -> String {
    guard let sorted, let bytes = place.values.first.flatMap({ sorted.property.key(of: $0) }) else {
      return "x.user_id > \(parameter(.text(place.idText), "text"))"
    }
    let key = PostgreSQLPersonIndex.key(of: sorted.property, in: "x")
    let (sign, bound) = (sorted.isDescending ? "<" : ">", parameter(.bytes(bytes), "bytea"))
    let id = parameter(.text(place.idText), "text")
    return "\(key) \(sign)= \(bound) and (\(key) \(sign) \(bound) or x.user_id > \(id))"
  }
}

extension KeysetPosition {
  /// The id of the entity at this position.
  fileprivate var idText: String { String(decoding: id, as: UTF8.self) }
}
