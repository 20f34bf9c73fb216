import OData
import Profiles

/// A selection of people as a statement. Texts are compared as blobs, since functions on text stop at a zero byte.
struct SQLiteUserQuery {
  private(set) var text: String
  /// What stands between the tenant and the limit.
  private(set) var parameters: [any SQLiteParameter] = []

  init(_ selection: UserSelection, after place: OrderPlace?) {
    text = "select \(SQLiteRows.userColumns) from user where tenant = ?"
    if let condition = selection.condition { text += " and \(clause(condition))" }
    if let place { text += " and \(clause(after: place, selection.keys[...]))" }
    let order = selection.keys.map { Self.sortKey($0.column) + ($0.isDescending ? " desc" : "") } + ["id"]
    text += " order by \(order.joined(separator: ", ")) limit ?"
  }

  private static func column(_ column: UserColumn) -> String {
    switch column {
    case .id: "id"
    case .displayName: "display_name"
    case .userPrincipalName: "principal_name"
    }
  }

  /// What people are sorted by; of the display name there is an index.
  private static func sortKey(_ column: UserColumn) -> String { SQLiteSchema.sortKey(Self.column(column)) }

  // MARK: Conditions

  private mutating func clause(_ condition: UserCondition) -> String {
    switch condition {
    case .compare(let column, let comparison, let text): return clause(Self.column(column), comparison, text)
    case .differs(let column, let text):
      parameters.append(text)
      return "\(Self.column(column)) is not ?"
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
    case .equal where column == "principal_name":
      // The folded name has an index.
      parameters += [StoredUser.foldedPrincipalName(text), text] as [any SQLiteParameter]
      return "(principal_name_folded = ? and principal_name = ?)"
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
      parameters.append(text)
      return "\(column) \(Self.sign(comparison)) ?"
    case .startsWith, .endsWith, .contains:
      // Every text begins with, ends with and contains the empty one.
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

  /// Whoever comes after a place: further in the first key, or as far in it and further in the rest.
  private mutating func clause(after place: OrderPlace, _ keys: ArraySlice<UserSelection.Key>) -> String {
    guard let key = keys.first, keys.startIndex < place.values.count else {
      parameters.append(String(decoding: place.id, as: UTF8.self))
      return "id > ?"
    }
    let sorted = Self.sortKey(key.column)
    let further: String
    let equal: String
    if case .text(let text) = place.values[keys.startIndex] {
      parameters.append(text)
      further = key.isDescending ? "(\(sorted) < ? or \(sorted) is null)" : "\(sorted) > ?"
      parameters.append(text)
      equal = "\(sorted) = ?"
    } else {
      // Without a text a person comes first, or last of all.
      further = key.isDescending ? "false" : "\(sorted) is not null"
      equal = "\(sorted) is null"
    }
    return "(\(further) or (\(equal) and \(clause(after: place, keys.dropFirst()))))"
  }
}
