import OData
import Profiles

/// The SQL statement of a selection of people. Texts are compared as blobs, since functions on text stop at a zero
/// byte.
struct SQLiteUserQuery: UserQueryText {
  private(set) var text: String
  /// The parameters between the tenant and the limit.
  private(set) var parameters: [any SQLiteParameter] = []

  /// Selects people after `place`, up to the id `end`.
  init(_ selection: UserSelection, after place: KeysetPosition?, upTo end: String? = nil) {
    text = "select \(SQLiteColumns.user) from person where tenant = ?"
    if let condition = selection.condition { text += " and \(clause(condition))" }
    if let place { text += " and \(clause(after: place, selection.keys[...]))" }
    if let end {
      parameters.append(end)
      text += " and id <= ?"
    }
    let order = selection.keys.map { Self.sortKey($0.column) + ($0.isDescending ? " desc" : "") } + ["id"]
    text += " order by \(order.joined(separator: ", ")) limit ?"
  }

  static func column(_ column: UserColumn) -> String {
    switch column {
    case .id: "id"
    case .displayName: "display_name_folded"
    case .userPrincipalName: "principal_name_folded"
    }
  }

  /// The expression that people are sorted by.
  static func sortKey(_ column: UserColumn) -> String { SQLiteSchema.sortKey(Self.column(column)) }

  // MARK: Conditions

  mutating func clause(_ column: String, differsFrom text: String) -> String {
    parameters.append(text)
    return "\(column) is not ?"
  }

  mutating func clause(_ column: String, _ comparison: UserCondition.Comparison, _ text: String) -> String {
    let bytes = Array(text.utf8)
    switch comparison {
    case .equal where column != Self.column(.id):
      // The first bytes have an index. Without the plus sign SQLite would put the text into their expression, and no
      // longer find that in the index.
      parameters += [SQLiteColumns.beginning(of: text), text] as [any SQLiteParameter]
      return "(\(SQLiteSchema.sortKey(column)) = ? and +\(column) = ?)"
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
      parameters.append(text)
      return "\(column) \(Self.sign(comparison)) ?"
    case .startsWith, .endsWith, .contains:
      // Every text begins with, ends with and contains the empty text.
      guard !bytes.isEmpty else { return "\(column) is not null" }
      parameters.append(bytes)
      let text = "cast(\(column) as blob)"
      guard comparison != .contains else { return "instr(\(text), ?) > 0" }
      return "substr(\(text), \(comparison == .startsWith ? "1, " : "-")\(bytes.count)) = ?"
    }
  }

  private static func sign(_ comparison: UserCondition.Comparison) -> String {
    switch comparison {
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    case .equal, .startsWith, .endsWith, .contains: "="
    }
  }

  // MARK: Places

  mutating func sortParameter(_ bytes: [UInt8]) -> String {
    parameters.append(bytes)
    return "?"
  }

  mutating func clause(idAfter id: String) -> String {
    parameters.append(id)
    return "id > ?"
  }
}
