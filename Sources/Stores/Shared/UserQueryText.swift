import OData
import Profiles

/// A selection of people, being written as a statement in the SQL of one database. What a condition and a place in an
/// order mean is written once, here; how the database says it, and takes what it compares with, is up to the conformer.
protocol UserQueryText {
  static func column(_ column: UserColumn) -> String
  /// What people are sorted by: the first bytes of a column. Of those of folded columns there are indexes.
  static func sortKey(_ column: UserColumn) -> String
  /// Takes the first bytes of a text as the next parameter, and gives what stands for it.
  mutating func sortParameter(_ bytes: [UInt8]) -> String
  mutating func clause(_ column: String, _ comparison: UserCondition.Comparison, _ text: String) -> String
  /// A column that is not set differs from every text.
  mutating func clause(_ column: String, differsFrom text: String) -> String
  mutating func clause(idAfter id: String) -> String
}

extension UserQueryText {
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

  /// Whoever comes after a place: further in the first key, or as far in it and further in the rest.
  mutating func clause(after place: KeysetPosition, _ keys: ArraySlice<UserSelection.Key>) -> String {
    guard let key = keys.first, keys.startIndex < place.values.count else {
      return clause(idAfter: String(decoding: place.id, as: UTF8.self))
    }
    let sorted = Self.sortKey(key.column)
    let further: String
    let equal: String
    if case .text(let text) = place.values[keys.startIndex] {
      // Each has a parameter of its own, in the order of the statement.
      let (first, second) = (sortParameter(text), sortParameter(text))
      further = key.isDescending ? "(\(sorted) < \(first) or \(sorted) is null)" : "\(sorted) > \(first)"
      equal = "\(sorted) = \(second)"
    } else {
      // Without a text a person comes first, or last of all.
      further = key.isDescending ? "false" : "\(sorted) is not null"
      equal = "\(sorted) is null"
    }
    return "(\(further) or (\(equal) and \(clause(after: place, keys.dropFirst()))))"
  }
}
