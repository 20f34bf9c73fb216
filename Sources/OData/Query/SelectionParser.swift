/// Reads the value of `$select` or `$expand` against a type, in one pass.
struct SelectionParser {
  private let option: String
  private let text: [UInt8]
  private var position = 0

  /// A parser of an option's value, decoded.
  init(_ option: String, _ value: String) {
    self.option = option
    text = Array(value.utf8)
  }

  /// Reads a whole `$select`.
  mutating func selection(of type: StructuredType) throws(QueryError) -> Selection {
    let selection = try items(of: type)
    try expectEnd()
    return selection
  }

  /// Reads a whole `$expand`.
  mutating func expansions(of type: StructuredType) throws(QueryError) -> [Expansion] {
    var expansions: [Expansion] = []
    repeat {
      let start = position
      let name = try name()
      guard let navigation = type.navigation.first(where: { $0.isNamed(name.utf8) }) else {
        throw .unknownName(option: option, name: PropertyPath.shown(name), position: start)
      }
      guard !expansions.contains(where: { $0.navigation == navigation.name }) else {
        throw .syntax(option: option, position: start, reason: "is expanded twice")
      }
      let selection = try nestedSelection(of: navigation.target)
      expansions.append(Expansion(navigation: navigation.name, selection: selection))
    } while skip(UInt8(ascii: ","))
    try expectEnd()
    return expansions
  }

  private mutating func nestedSelection(of type: StructuredType) throws(QueryError) -> Selection? {
    guard skip(UInt8(ascii: "(")) else { return nil }
    var selection: Selection?
    repeat {
      let start = position
      _ = skip(UInt8(ascii: "$"))
      let name = try name()
      guard name.lowercased() == "select" else { throw .notOffered("$\(PropertyPath.shown(name))") }
      guard selection == nil else { throw .syntax(option: option, position: start, reason: "stands twice") }
      guard skip(UInt8(ascii: "=")) else { throw unexpected() }
      selection = try items(of: type)
    } while skip(UInt8(ascii: ";"))
    guard skip(UInt8(ascii: ")")) else { throw unexpected() }
    return selection
  }

  private mutating func items(of type: StructuredType) throws(QueryError) -> Selection {
    var selection = Selection()
    repeat {
      skipBlanks()
      if skip(UInt8(ascii: "*")) {
        selection.includesAllProperties = true
        continue
      }
      let start = position
      let name = try name()
      if let property = type.properties.first(where: { $0.name.utf8.elementsEqualIgnoringCase(name.utf8) }) {
        selection.add(property.index, within: try path(into: property))
      } else if let navigation = type.navigation.first(where: { $0.isNamed(name.utf8) }) {
        if !selection.navigation.contains(navigation.name) { selection.navigation.append(navigation.name) }
      } else {
        throw .unknownName(option: option, name: PropertyPath.shown(name), position: start)
      }
      skipBlanks()
    } while skip(UInt8(ascii: ","))
    return selection
  }

  /// What follows a property: a path into a complex value, or nothing.
  private mutating func path(into property: Property) throws(QueryError) -> Selection? {
    guard skip(UInt8(ascii: "/")) else { return nil }
    let start = position
    let name = try name()
    guard case .complex(let type) = property.type,
      let inner = type.properties.first(where: { $0.name.utf8.elementsEqualIgnoringCase(name.utf8) })
    else { throw .unknownName(option: option, name: PropertyPath.shown(name), position: start) }
    var selection = Selection()
    selection.add(inner.index, within: try path(into: inner))
    return selection
  }

  private mutating func name() throws(QueryError) -> String {
    let start = position
    while position < text.count, Self.isNameByte(text[position]) { position += 1 }
    guard position > start else { throw unexpected() }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "."):
      true
    default: byte >= 0x80
    }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() { while skip(0x20) {} }

  private func expectEnd() throws(QueryError) { if position < text.count { throw unexpected() } }

  private func unexpected() -> QueryError {
    .syntax(
      option: option, position: position,
      reason: position < text.count ? "holds a character that is not expected" : "ends too early")
  }
}
