/// `$select` and `$expand` (OData URL Conventions 4.01 sections 5.1.3 and 5.1.4).
extension OptionParser {
  /// Reads the value of `$select` (OData ABNF `select`).
  mutating func selection(of type: StructuredType) throws(QueryError) -> Selection {
    var selection = Selection()
    repeat {
      skipBlanks()
      if skip(UInt8(ascii: "*")) {
        selection.includesAllProperties = true
        continue
      }
      let start = position
      let name = try name()
      if let property = type.property(inAnyCase: name) {
        selection.add(property.index, within: try path(into: property))
      } else if let navigation = type.inlineNavigation.first(where: { $0.isNamed(name) }) {
        if !selection.navigation.contains(navigation.name) { selection.navigation.append(navigation.name) }
      } else {
        throw unknown(name, of: type, at: start)
      }
      skipBlanks()
    } while skip(UInt8(ascii: ","))
    return selection
  }

  /// Reads what follows a property: a path into its complex value, options in parentheses, or nothing.
  private mutating func path(into property: Property) throws(QueryError) -> Selection? {
    let start = position
    if skip(UInt8(ascii: "(")) {
      guard case .complex(let type) = property.type else {
        throw failure("selects within a value of no members", at: start)
      }
      depth += 1
      defer { depth -= 1 }
      guard depth <= Limits.expressionDepthMax else { throw failure("is nested too deeply", at: start) }
      guard try nestedName() == "$select" else { throw failure("takes $select alone within a property", at: start) }
      let selection = try selection(of: type)
      try expect(UInt8(ascii: ")"))
      return selection
    }
    guard skip(UInt8(ascii: "/")) else { return nil }
    let offset = position
    let name = try name()
    guard case .complex(let type) = property.type, let inner = type.property(inAnyCase: name) else {
      throw unknown(name, at: offset)
    }
    var selection = Selection()
    selection.add(inner.index, within: try path(into: inner))
    return selection
  }

  /// Reads the name of an option in parentheses and its equals sign, and returns the name in lower case with its dollar
  /// sign.
  mutating func nestedName() throws(QueryError) -> String {
    skipBlanks()
    let start = position
    let name = try name()
    guard let system = QueryOptions.systemName(name) else { throw failure("holds an unknown option", at: start) }
    try expect(UInt8(ascii: "="))
    return system
  }

  /// Reads the value of `$expand` (OData ABNF `expand`).
  mutating func expansions(
    of type: StructuredType, _ aliases: [String: QueryAlias]
  ) throws(QueryError) -> [Expansion] {
    var expansions: [Expansion] = []
    repeat {
      skipBlanks()
      let start = position
      guard !skip(UInt8(ascii: "*")) else {
        if next == UInt8(ascii: "/") { _ = try followedBy("*", nil) }
        for navigation in type.inlineNavigation where !expansions.contains(where: { $0.navigation == navigation.name })
        {
          expansions.append(Expansion(navigation: navigation.name, options: QueryOptions(), countsOnly: false))
        }
        continue
      }
      let name = try name()
      guard let navigation = type.inlineNavigation.first(where: { $0.isNamed(name) }) else {
        throw unknown(name, of: type, at: start)
      }
      guard !expansions.contains(where: { $0.navigation == navigation.name }) else {
        throw failure("is expanded twice", at: start)
      }
      let target = type.inlineTarget(of: navigation)
      let countsOnly = try followedBy(navigation.name, navigation.isCollection ? target : nil)
      let offered = countsOnly ? Self.countable : navigation.isCollection ? Self.nestable : Self.nestableInSingle
      let options = try nestedOptions(of: target, aliases, offered)
      expansions.append(Expansion(navigation: navigation.name, options: options, countsOnly: countsOnly))
      skipBlanks()
    } while skip(UInt8(ascii: ","))
    return expansions
  }

  /// Reads what may follow a name: a cast to the declared type, which changes nothing, and `/$count`. Returns whether
  /// `/$count` is there. `/$ref` is not supported (OData URL Conventions 4.01 section 5.1.3.1).
  private mutating func followedBy(_ expanded: String, _ target: StructuredType?) throws(QueryError) -> Bool {
    while skip(UInt8(ascii: "/")) {
      let start = position
      let name = try name()
      if name.isSameName(as: "$ref") {
        throw QueryError.notImplemented(option: option, name: "\(expanded)/$ref", position: start)
      }
      if name.isSameName(as: "$count"), target != nil { return true }
      guard let target, name.isSameName(as: target.qualifiedName) else { throw unknown(name, at: start) }
    }
    return false
  }

  private mutating func nestedOptions(
    of target: StructuredType, _ aliases: [String: QueryAlias], _ offered: Set<String>
  ) throws(QueryError) -> QueryOptions {
    var options = QueryOptions()
    guard skip(UInt8(ascii: "(")) else { return options }
    repeat {
      let start = position
      let name = try nestedName()
      guard offered.contains(name) else { throw .notOffered(name) }
      let valueStart = position
      try options.take(name, from: &self, of: target, aliases)
      options.note(name, text[valueStart..<position])
      guard position > valueStart else { throw failure("has an option without a value", at: start) }
      skipBlanks()
    } while skip(UInt8(ascii: ";"))
    try expect(UInt8(ascii: ")"))
    options.note(aliases)
    return options
  }

  private static let nestable: Set<String> = ["$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search"]
  /// The options of a single-valued navigation property. `$levels` repeats it (OData URL Conventions 4.01 section 5.1.3.2).
  private static let nestableInSingle: Set<String> = ["$select", "$levels"]
  /// The options that `/$count` takes (OData URL Conventions 4.01 section 5.1.3.1).
  private static let countable: Set<String> = ["$filter", "$search"]
}
