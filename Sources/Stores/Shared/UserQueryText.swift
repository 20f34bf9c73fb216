import OData
import Profiles

/// Builds the SQL statement of a selection of people. The meaning of conditions and of positions in an order is written
/// once, here; how a database expresses them, and binds parameters, is up to the conformer.
protocol UserQueryText {
  /// The column by which people are compared.
  static func column(_ column: UserColumn) -> String
  /// The expression that people are sorted by: the first bytes of a column. There are indexes of those of folded
  /// columns.
  static func sortKey(_ column: UserColumn) -> String
  /// Binds the first bytes of a text as the next parameter, and returns its placeholder.
  mutating func sortParameter(_ bytes: [UInt8]) -> String
  /// The condition that a column compares so with `text`.
  mutating func clause(_ column: String, _ comparison: UserCondition.Comparison, _ text: String) -> String
  /// The condition that a column differs from `text`; one that is not set differs from every text.
  mutating func clause(_ column: String, differsFrom text: String) -> String
  /// The condition that the id comes after `id`.
  mutating func clause(idAfter id: String) -> String
}

extension UserQueryText {
  /// The condition as SQL.
  mutating func clause(_ condition: UserCondition) -> String {
    switch condition {
    case .compare(let column, let comparison, let text): return clause(Self.column(column), comparison, text)
    case .differs(let column, let text): return clause(Self.column(column), differsFrom: text)
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

  /// The condition of people after a position in the order: further in the first key, or equal in it and further in the
  /// rest.
  mutating func clause(after place: KeysetPosition, _ keys: ArraySlice<UserSelection.Key>) -> String {
    guard let key = keys.first, keys.startIndex < place.values.count else {
      return clause(idAfter: String(decoding: place.id, as: UTF8.self))
    }
    let sorted = Self.sortKey(key.column)
    let further: String
    let equal: String
    if case .text(let text) = place.values[keys.startIndex] {
      // Each needs a parameter of its own, in the order of the statement.
      let (first, second) = (sortParameter(text), sortParameter(text))
      further = key.isDescending ? "(\(sorted) < \(first) or \(sorted) is null)" : "\(sorted) > \(first)"
      equal = "\(sorted) = \(second)"
    } else {
      // People without a text come first, or last in descending order.
      further = key.isDescending ? "false" : "\(sorted) is not null"
      equal = "\(sorted) is null"
    }
    return "(\(further) or (\(equal) and \(clause(after: place, keys.dropFirst()))))"
  }
}
