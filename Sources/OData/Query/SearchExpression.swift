/// A search expression (`$search`, OData URL Conventions 4.01 section 5.1.8.1). It is matched against the strings of an
/// entity without regard to case and to how characters are composed (`String.folded`).
public indirect enum SearchExpression: Equatable, Sendable {
  /// A word or a phrase, in its folded form. `property` confines it to one property, as Graph's `"property:text"` does.
  case term(String, property: String?)
  /// The operand must not match (`NOT`).
  case not(SearchExpression)
  /// Every operand must match (`AND`).
  case all([SearchExpression])
  /// At least one operand must match (`OR`).
  case some([SearchExpression])

  /// Whether an entity of `type` matches.
  public func matches(_ entity: StructuredValue, of type: StructuredType) -> Bool {
    var texts = SearchTexts(entity, type)
    return holds { texts.contain($0, in: $1) }
  }

  /// Whether the expression holds, where `isFound` tells it of a term: a folded word or phrase, and the property that it is
  /// confined to.
  public func holds(_ isFound: (String, String?) -> Bool) -> Bool {
    switch self {
    case .term(let term, let property): isFound(term, property)
    case .not(let inner): !inner.holds(isFound)
    case .all(let parts): parts.allSatisfy { $0.holds(isFound) }
    case .some(let parts): parts.contains { $0.holds(isFound) }
    }
  }

  /// The terms, from left to right, with the properties that they are confined to.
  public var terms: [(term: String, property: String?)] {
    switch self {
    case .term(let term, let property): [(term, property)]
    case .not(let inner): inner.terms
    case .all(let parts), .some(let parts): parts.flatMap(\.terms)
    }
  }
}

/// The folded strings of one entity, collected on first use. Keys, read-only properties and properties that the server
/// fills in are not searched.
private struct SearchTexts {
  private let entity: StructuredValue
  private let type: StructuredType
  private var texts: [(property: Int, text: String)]?

  init(_ entity: StructuredValue, _ type: StructuredType) {
    self.entity = entity
    self.type = type
  }

  mutating func contain(_ term: String, in name: String?) -> Bool {
    let search = TextSearch(term)
    let wanted = name.flatMap { type.property(inAnyCase: $0) }
    return gathered().contains { entry in
      (wanted.map { $0.index == entry.property } ?? true) && search.firstIndex(in: entry.text) != nil
    }
  }

  private mutating func gathered() -> [(property: Int, text: String)] {
    if let texts { return texts }
    var found: [(property: Int, text: String)] = []
    for property in type.properties where property.traits.isDisjoint(with: [.key, .stamp, .readOnly]) {
      Self.gather(entity.members[property.index], property.type, property.index, &found)
    }
    texts = found
    return found
  }

  private static func gather(
    _ value: Value, _ type: Property.ValueType, _ index: Int, _ found: inout [(property: Int, text: String)]
  ) {
    switch value {
    case .string(let text): found.append((index, text.folded))
    case .enumeration(let number):
      if case .enumeration(let enumeration) = type { found.append((index, enumeration.text(of: number).folded)) }
    case .complex(let inner):
      guard case .complex(let complex) = type else { return }
      for property in complex.properties { gather(inner.members[property.index], property.type, index, &found) }
    case .collection(let elements): for element in elements { gather(element, type, index, &found) }
    case .null, .bool, .int, .double, .date, .dateTime: break
    }
  }
}

/// `$search` (OData ABNF `searchExpr`). A word is whatever lies between spaces, parentheses and double quotes. `AND`,
/// `OR` and `NOT` are operators when they are whole words in upper case.
extension OptionParser {
  /// Reads the value of `$search`: words and phrases. Those without an operator between them are joined by `AND`.
  mutating func search(of type: StructuredType?) throws(QueryError) -> SearchExpression {
    var parts = [try conjunction(type)]
    while takesOperator(.or) { parts.append(try conjunction(type)) }
    return parts.count == 1 ? parts[0] : .some(parts)
  }

  private mutating func conjunction(_ type: StructuredType?) throws(QueryError) -> SearchExpression {
    var parts = [try searchPart(type)]
    while takesOperator(.and) || isBeforeSearchPart() { parts.append(try searchPart(type)) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private enum SearchOperator: String {
    case and = "AND"
    case or = "OR"
    case not = "NOT"
  }

  /// The operator that is next as a whole word, and the offset of its end.
  private var nextOperator: (SearchOperator, end: Int)? {
    let end = text[position...].firstIndex { !isSearchWordByte($0) } ?? text.count
    return SearchOperator(rawValue: String(decoding: text[position..<end], as: UTF8.self)).map { ($0, end) }
  }

  /// Skips spaces and the operator, if it is next.
  private mutating func takesOperator(_ wanted: SearchOperator) -> Bool {
    let start = position
    skipBlanks()
    guard let (found, end) = nextOperator, found == wanted else {
      position = start
      return false
    }
    position = end
    return true
  }

  /// Whether another operand follows without an operator. Spaces come before it, which may be missing next to a
  /// parenthesis.
  private mutating func isBeforeSearchPart() -> Bool {
    let start = position
    defer { position = start }
    let isApart = skipBlanks() || text[position - 1] == UInt8(ascii: ")")
    guard let byte = next, isApart || byte == UInt8(ascii: "(") else { return false }
    guard byte != UInt8(ascii: ")"), !isNested || byte != UInt8(ascii: ";") else { return false }
    return nextOperator?.0 != .or
  }

  private mutating func searchPart(_ type: StructuredType?) throws(QueryError) -> SearchExpression {
    nodes += 1
    depth += 1
    defer { depth -= 1 }
    guard nodes <= Limits.searchTermsMax, depth <= Limits.expressionDepthMax else {
      throw failure("has more than \(Limits.searchTermsMax) terms")
    }
    skipBlanks()
    let start = position
    if takesOperator(.not) { return .not(try searchPart(type)) }
    if skip(UInt8(ascii: "(")) {
      skipBlanks()
      let inner = try search(of: type)
      skipBlanks()
      try expect(UInt8(ascii: ")"))
      return inner
    }
    if next == UInt8(ascii: "\"") { return try phrase(type) }
    guard nextOperator == nil else { throw failure("needs a word or a phrase beside each AND, OR and NOT", at: start) }
    let word = searchWord()
    guard !word.isEmpty else { throw failure("needs a word or a phrase", at: start) }
    return .term(word.folded, property: nil)
  }

  /// Whether the option is nested in `$expand`, where a semicolon ends it; elsewhere a semicolon is an ordinary
  /// character.
  private var isNested: Bool { option == "$expand" }

  private func isSearchWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""): false
    case UInt8(ascii: ";"): !isNested
    default: true
    }
  }

  private mutating func searchWord() -> String {
    let start = position
    while let byte = next, isSearchWordByte(byte) { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  /// Reads a phrase in double quotes, in which a backslash escapes a quote or a backslash (OData ABNF `searchPhrase`).
  private mutating func phrase(_ type: StructuredType?) throws(QueryError) -> SearchExpression {
    let start = position
    position += 1
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard !bytes.isEmpty else { throw failure("holds an empty phrase", at: start) }
        return Self.term(String(decoding: bytes, as: UTF8.self), type)
      case UInt8(ascii: "\\"):
        guard let escaped = next, escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
          throw failure("holds a backslash that escapes nothing", at: position - 1)
        }
        bytes.append(escaped)
        position += 1
      default: bytes.append(byte)
      }
    }
    throw failure("holds a phrase that is not closed", at: start)
  }

  private static func term(_ phrase: String, _ type: StructuredType?) -> SearchExpression {
    let parts = phrase.split(separator: ":", maxSplits: 1)
    if parts.count == 2, let property = type?.property(inAnyCase: String(parts[0])) {
      return .term(String(parts[1]).folded, property: property.name)
    }
    return .term(phrase.folded, property: nil)
  }
}
