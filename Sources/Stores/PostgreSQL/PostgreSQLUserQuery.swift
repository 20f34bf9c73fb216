import OData
import Profiles

/// A selection of people as a statement. Texts are compared as bytes.
struct PostgreSQLUserQuery {
  private var text: String
  private var values: [PostgreSQLValue]

  init(_ selection: UserSelection, in tenant: TenantID, after place: OrderPlace?, rows: Int) {
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

  /// The statement, which is prepared for this once.
  var query: PostgreSQLQuery { PostgreSQLQuery(PostgreSQLStatement("", text), values: values) }

  private mutating func parameter(_ value: PostgreSQLValue, _ type: String) -> String {
    values.append(value)
    return "$\(values.count)::\(type)"
  }

  private static func column(_ column: UserColumn) -> String {
    switch column {
    case .id: "convert_to(user_id, 'UTF8')"
    case .displayName: "display_name"
    case .userPrincipalName: "principal_name"
    }
  }

  private static func sortKey(_ column: UserColumn) -> String {
    "substring(\(Self.column(column)) from 1 for \(Limits.orderTextBytesMax))"
  }

  // MARK: Conditions

  private mutating func clause(_ condition: UserCondition) -> String {
    switch condition {
    case .compare(let column, let comparison, let text): return clause(Self.column(column), comparison, text)
    case .differs(let column, let text):
      return "\(Self.column(column)) is distinct from \(parameter(.bytes(Array(text.utf8)), "bytea"))"
    case .isSet(let column, let isSet): return "\(Self.column(column)) is \(isSet ? "not " : "")null"
    case .all(let parts): return row(of: parts, "and")
    case .some(let parts): return row(of: parts, "or")
    }
  }

  private mutating func row(of parts: [UserCondition], _ word: String) -> String {
    var clauses: [String] = []
    for part in parts { clauses.append(clause(part)) }
    return "(\(clauses.joined(separator: " \(word) ")))"
  }

  private mutating func clause(_ column: String, _ comparison: UserCondition.Comparison, _ text: String) -> String {
    let bytes = Array(text.utf8)
    switch comparison {
    case .equal: return "\(column) = \(parameter(.bytes(bytes), "bytea"))"
    case .less: return "\(column) < \(parameter(.bytes(bytes), "bytea"))"
    case .lessOrEqual: return "\(column) <= \(parameter(.bytes(bytes), "bytea"))"
    case .greater: return "\(column) > \(parameter(.bytes(bytes), "bytea"))"
    case .greaterOrEqual: return "\(column) >= \(parameter(.bytes(bytes), "bytea"))"
    case .startsWith, .endsWith, .contains:
      // Every text begins with, ends with and contains the empty one.
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

  /// Whoever comes after a place: further in the first key, or as far in it and further in the rest.
  private mutating func clause(after place: OrderPlace, _ keys: ArraySlice<UserSelection.Key>) -> String {
    guard let key = keys.first, keys.startIndex < place.values.count else {
      return "user_id > \(parameter(.text(String(decoding: place.id, as: UTF8.self)), "text"))"
    }
    let sorted = Self.sortKey(key.column)
    let (further, equal): (String, String)
    if case .text(let text) = place.values[keys.startIndex] {
      let value = parameter(.bytes(text), "bytea")
      further = key.isDescending ? "(\(sorted) < \(value) or \(sorted) is null)" : "\(sorted) > \(value)"
      equal = "\(sorted) = \(value)"
    } else {
      // Without a text a person comes first, or last of all.
      further = key.isDescending ? "false" : "\(sorted) is not null"
      equal = "\(sorted) is null"
    }
    return "(\(further) or (\(equal) and \(clause(after: place, keys.dropFirst()))))"
  }
}
