import OData
import Profiles

/// The SQL statement of a selection of people. Texts are compared as bytes.
struct PostgreSQLUserQuery: UserQueryText {
  private var text: String
  private var values: [PostgreSQLValue]

  /// Selects people of a tenant after `place`, at most `rows` of them.
  init(_ selection: UserSelection, in tenant: TenantID, after place: KeysetPosition?, rows: Int) {
    text = "select \(PostgreSQLColumns.person) from person where tenant = $1::text"
    values = [.text(tenant.text)]
    if let condition = selection.condition { text += " and \(clause(condition))" }
    if let place { text += " and \(clause(after: place, selection.keys[...]))" }
    let order =
      selection.keys.map { key in
        "\(Self.sortKey(key.column)) \(key.isDescending ? "desc nulls last" : "asc nulls first")"
      } + ["user_id"]
    text += " order by \(order.joined(separator: ", ")) limit \(parameter(.int(Int64(rows)), "bigint"))"
  }

  /// The statement, which is not prepared: it is used once.
  var query: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLStatement("", text), values: values) }

  private mutating func parameter(_ value: PostgreSQLValue, _ type: String) -> String {
    values.append(value)
    return "$\(values.count)::\(type)"
  }

  static func column(_ column: UserColumn) -> String {
    switch column {
    case .id: "convert_to(user_id, 'UTF8')"
    case .displayName: "display_name_folded"
    case .userPrincipalName: "principal_name_folded"
    }
  }

  static func sortKey(_ column: UserColumn) -> String {
    sortKey(Self.column(column))
  }

  private static func sortKey(_ column: String) -> String { PostgreSQLSchema.sortKey(column) }

  // MARK: Conditions

  mutating func clause(_ column: String, differsFrom text: String) -> String {
    "\(column) is distinct from \(parameter(.bytes(Array(text.utf8)), "bytea"))"
  }

  mutating func clause(_ column: String, _ comparison: UserCondition.Comparison, _ text: String) -> String {
    let bytes = Array(text.utf8)
    switch comparison {
    case .equal:
      // The first bytes have an index.
      let prefix = parameter(.bytes(Array(bytes.prefix(Limits.orderTextBytesMax))), "bytea")
      return "(\(Self.sortKey(column)) = \(prefix) and \(column) = \(parameter(.bytes(bytes), "bytea")))"
    case .less: return "\(column) < \(parameter(.bytes(bytes), "bytea"))"
    case .lessOrEqual: return "\(column) <= \(parameter(.bytes(bytes), "bytea"))"
    case .greater: return "\(column) > \(parameter(.bytes(bytes), "bytea"))"
    case .greaterOrEqual: return "\(column) >= \(parameter(.bytes(bytes), "bytea"))"
    case .startsWith, .endsWith, .contains:
      // Every text begins with, ends with and contains the empty text.
      guard !bytes.isEmpty else { return "\(column) is not null" }
      let value = parameter(.bytes(bytes), "bytea")
      switch comparison {
      case .startsWith: return "substring(\(column) from 1 for \(bytes.count)) = \(value)"
      case .endsWith:
        return "(length(\(column)) >= \(bytes.count) and substring(\(column) from length(\(column)) - "
          + "\(bytes.count - 1)) = \(value))"
      default: return "position(\(value) in \(column)) > 0"
      }
    }
  }

  // MARK: Places

  mutating func sortParameter(_ bytes: [UInt8]) -> String { parameter(.bytes(bytes), "bytea") }

  mutating func clause(idAfter id: String) -> String { "user_id > \(parameter(.text(id), "text"))" }
}
