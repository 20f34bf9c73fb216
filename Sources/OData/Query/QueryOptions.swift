/// The query options of a request (OData URL Conventions 4.01 section 5), parsed and checked against the type of the
/// resource.
///
/// A system query option is never silently ignored: one that the resource does not support is refused by name. Custom
/// query options (section 5.2) are ignored, as on Graph.
public struct QueryOptions: Sendable {
  /// The system query options that a resource supports.
  public struct Supported: OptionSet, Sendable {
    /// One bit for each option or group of options.
    public let rawValue: Int
    /// Options from their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `$select`.
    public static let select = Supported(rawValue: 1 << 0)
    /// `$expand`.
    public static let expand = Supported(rawValue: 1 << 1)
    /// `$filter`.
    public static let filter = Supported(rawValue: 1 << 2)
    /// `$search`.
    public static let search = Supported(rawValue: 1 << 3)
    /// `$orderby`.
    public static let orderby = Supported(rawValue: 1 << 4)
    /// `$top`, `$skip`, `$count` and `$skiptoken`.
    public static let paging = Supported(rawValue: 1 << 5)
    /// `$format`.
    public static let format = Supported(rawValue: 1 << 6)
    /// `$id`, whose dollar sign is required: `id` alone is a custom option, which other services use.
    public static let id = Supported(rawValue: 1 << 7)

    /// The options that every list of entities supports.
    public static let list: Supported = [.select, .filter, .search, .orderby, .paging, .format]
  }

  /// The names of system query options, without the dollar sign, which clients may leave out (OData URL Conventions
  /// 4.01 section 5.1).
  public static let systemNames: Set<String> = [
    "apply", "compute", "count", "deltatoken", "expand", "filter", "format", "index", "levels", "orderby",
    "schemaversion", "search", "select", "skip", "skiptoken", "top",
  ]

  /// `$select`; nil for all properties (OData URL Conventions 4.01 section 5.1.4).
  public private(set) var selection: Selection?
  /// `$expand`; nil when it is absent (OData URL Conventions 4.01 section 5.1.3).
  public private(set) var expansions: [Expansion]?
  /// `$filter`, an expression of type Edm.Boolean; nil when it is absent (OData URL Conventions 4.01 section 5.1.2).
  public private(set) var filter: Expression?
  /// `$search`; nil when it is absent (OData URL Conventions 4.01 section 5.1.8).
  public private(set) var search: SearchExpression?
  /// `$orderby`; nil for the natural order of the resource (OData URL Conventions 4.01 section 5.1.5).
  public private(set) var ordering: Ordering?
  /// `$top`, clamped to `Limits.skipMax`; nil when it is absent (OData URL Conventions 4.01 section 5.1.6).
  public private(set) var top: Int?
  /// `$skip`, clamped to `Limits.skipMax`; nil when it is absent (OData URL Conventions 4.01 section 5.1.6).
  public private(set) var skip: Int?
  /// Whether `$count` is `true`: the response holds the number of all matches (OData URL Conventions 4.01 section
  /// 5.1.7).
  public private(set) var countsAll = false
  /// `$skiptoken`, which a link to the next page carries; nil when it is absent (OData 4.01 Part 1 section 11.2.6.7).
  public private(set) var skipToken: String?
  /// `$format`: a media type or its short form; nil when it is absent (OData URL Conventions 4.01 section 5.1.9).
  public private(set) var format: String?
  /// `$id`: the URL of the entity whose reference is meant; nil when it is absent (OData 4.01 Part 1 section 11.4.6.2).
  public private(set) var id: String?
  /// The options that a link to another page is bound to, as they were written: all but `$skip` and `$skiptoken`, which
  /// the link replaces, and the parameter aliases that expressions may use.
  public private(set) var identity: [String: String] = [:]

  /// The options that links to further pages repeat, as they were written, in their order.
  public private(set) var written: [(name: String, value: String)] = []

  /// `$levels` within an expansion: how often it is repeated; `Int.max` for `max` (OData URL Conventions 4.01 section
  /// 5.1.3.2). Nil when it is absent.
  public private(set) var levels: Int?

  private var names: Set<String> = []

  /// Options with nothing set.
  public init() {}

  /// Whether the list is neither filtered, searched nor ordered.
  public var isPlain: Bool { filter == nil && search == nil && ordering == nil }

  /// Parses a query, without `?`, for a resource of `type` that supports the options `supported`.
  ///
  /// - Throws: `QueryError` for the first option that is unknown, unsupported, repeated, malformed or wrong for the
  ///   type.
  public init(
    _ query: some Collection<UInt8>, of type: StructuredType, supporting supported: Supported
  ) throws(QueryError) {
    let decoded = try DecodedQuery(query)
    let aliases = try Self.syntax(of: decoded.aliases)
    for (name, value) in decoded.options {
      guard supported.contains(Self.group(of: name)) else { throw .notOffered(name) }
      var parser = OptionParser(name, value)
      if name == "$skiptoken" || name == "$format" || name == "$id" {
        try takeText(name, value)
        continue
      }
      try parser.whole { parser throws(QueryError) in try take(name, from: &parser, of: type, aliases) }
      note(name, parser.text[...])
    }
    note(aliases)
  }

  /// Records the parameter aliases, when there is an expression that may use them.
  mutating func note(_ aliases: [String: QueryAlias]) {
    guard filter != nil || ordering != nil else { return }
    for (name, alias) in aliases.sorted(by: { $0.key < $1.key }) {
      identity["@\(name)"] = alias.text
      written.append(("@\(name)", alias.text))
    }
  }

  /// Reads the value of the option `name`, in lower case with its dollar sign, at the position of `parser`.
  ///
  /// - Throws: `QueryError` when the option is repeated, unsupported, malformed or wrong for the type.
  mutating func take(
    _ name: String, from parser: inout OptionParser, of type: StructuredType, _ aliases: [String: QueryAlias]
  ) throws(QueryError) {
    guard names.insert(name).inserted else { throw .duplicate(name) }
    switch name {
    case "$select": selection = try parser.selection(of: type)
    case "$expand": expansions = try parser.expansions(of: type, aliases)
    case "$filter":
      let syntax = try parser.expression()
      var checker = ExpressionChecker(parser.option, of: type, aliases: aliases)
      filter = try checker.condition(syntax)
    case "$orderby":
      var keys: [Ordering.Key] = []
      var checker = ExpressionChecker(parser.option, of: type, aliases: aliases)
      for key in try parser.ordering() {
        keys.append(Ordering.Key(try checker.orderKey(key.expression), isDescending: key.isDescending))
      }
      ordering = Ordering(keys)
    case "$search": search = try parser.search(of: type)
    case "$top": top = try parser.count()
    case "$skip": skip = try parser.count()
    case "$count": countsAll = try parser.truth()
    case "$levels": levels = try parser.levels()
    default: throw .notOffered(name)
    }
  }

  private mutating func takeText(_ name: String, _ value: String) throws(QueryError) {
    guard names.insert(name).inserted else { throw .duplicate(name) }
    switch name {
    case "$id": id = value
    case "$skiptoken": skipToken = value
    default:
      format = value
      note(name, Array(value.utf8)[...])
    }
  }

  /// Records an option that goes on from page to page, as it was written.
  mutating func note(_ name: String, _ value: ArraySlice<UInt8>) {
    guard name != "$skip" else { return }
    let value = String(decoding: value, as: UTF8.self)
    written.append((name, value))
    identity[name] = value
  }

  private static func syntax(
    of aliases: [(name: String, value: String)]
  ) throws(QueryError) -> [String: QueryAlias] {
    var syntax: [String: QueryAlias] = [:]
    for (name, value) in aliases {
      guard syntax.count < Limits.aliasesMax else {
        throw .syntax(option: "@\(PropertyPath.printable(name))", position: 0, reason: "is one alias too many")
      }
      guard syntax.updateValue(parsed(name, value), forKey: name) == nil else {
        throw .duplicate("@\(PropertyPath.printable(name))")
      }
    }
    return syntax
  }

  /// Parses an alias. A fault in it matters only where the alias is used.
  private static func parsed(_ name: String, _ value: String) -> QueryAlias {
    var parser = OptionParser("@\(PropertyPath.printable(name))", value)
    do throws(QueryError) {
      return QueryAlias(
        text: value, syntax: .success(try parser.whole { parser throws(QueryError) in try parser.aliasValue() }))
    } catch {
      return QueryAlias(text: value, syntax: .failure(error))
    }
  }

  /// The group that an option belongs to, by its name in lower case with its dollar sign.
  private static func group(of name: String) -> Supported {
    switch name {
    case "$select": .select
    case "$expand": .expand
    case "$filter": .filter
    case "$search": .search
    case "$orderby": .orderby
    case "$top", "$skip", "$count", "$skiptoken": .paging
    case "$format": .format
    case "$id": .id
    default: Supported(rawValue: 1 << 30)
    }
  }

  /// The select list of a context URL: selected properties, and what is selected of expanded ones, in parentheses
  /// (OData 4.01 Part 1 sections 10.7 to 10.10). Empty when everything is selected.
  public func contextSuffix(of type: StructuredType) -> String {
    let expanded = (expansions ?? []).compactMap { expansion -> String? in
      guard let navigation = type.navigation.first(where: { $0.name == expansion.navigation }) else { return nil }
      let suffix = expansion.options.contextSuffix(of: type.inlineTarget(of: navigation))
      // Of a single entity nothing else tells that it is there (OData 4.01 Part 1 section 10.10).
      guard navigation.isCollection else { return navigation.name + (suffix.isEmpty ? "()" : suffix) }
      return suffix.isEmpty ? nil : expansion.navigation + suffix
    }
    let paths =
      (selection?.paths(of: type).filter { path in !expanded.contains { $0.hasPrefix(path + "(") } } ?? []) + expanded
    return paths.isEmpty ? "" : "(\(paths.joined(separator: ",")))"
  }

  /// The name of a system query option in lower case with its dollar sign, however it was written; nil for a custom
  /// option.
  static func systemName(_ name: String) -> String? {
    let bare = (name.utf8.first == UInt8(ascii: "$") ? String(name.dropFirst()) : name).lowercased()
    guard bare != "id" else { return bare.utf8.count < name.utf8.count ? "$id" : nil }
    return systemNames.contains(bare) ? "$" + bare : nil
  }
}

/// A parameter alias (OData URL Conventions 4.01 section 5.3).
struct QueryAlias {
  /// The value, as it was written.
  let text: String
  /// The parsed value, or the fault in it.
  let syntax: Result<ExpressionSyntax, QueryError>
}

/// The options of a query by name. The query is split first, and each name and value is decoded once (OData URL
/// Conventions 4.01 section 2.1).
private struct DecodedQuery {
  private(set) var options: [(name: String, value: String)] = []
  private(set) var aliases: [(name: String, value: String)] = []

  init(_ query: some Collection<UInt8>) throws(QueryError) {
    for option in query.split(separator: UInt8(ascii: "&")) {
      let rawName = option.prefix { $0 != UInt8(ascii: "=") }
      guard let name = PercentEncoding.decodeText(rawName) else { throw .malformedEncoding }
      let isAlias = name.utf8.first == UInt8(ascii: "@")
      let systemName = QueryOptions.systemName(name)
      guard isAlias || systemName != nil else {
        guard name.utf8.first != UInt8(ascii: "$") else { throw .unknown(PropertyPath.printable(name)) }
        continue
      }
      guard let value = PercentEncoding.decodeQuery(option.dropFirst(rawName.count + 1)) else {
        throw .malformedEncoding
      }
      if let systemName {
        options.append((systemName, value))
      } else {
        aliases.append((String(name.dropFirst()), value))
      }
    }
  }
}

extension OptionParser {
  /// Reads a number of entities, clamped to `Limits.skipMax`.
  fileprivate mutating func count() throws(QueryError) -> Int {
    let start = position
    var number = 0
    while let byte = next, Self.isDigit(byte) {
      number = min(number * 10 + Int(byte - UInt8(ascii: "0")), Limits.skipMax)
      position += 1
    }
    guard position > start else { throw failure("must be a whole number, zero or more") }
    return number
  }

  /// Reads the value of `$levels`: a number from 1 on, or `max`.
  fileprivate mutating func levels() throws(QueryError) -> Int {
    if isAt("max") {
      position += 3
      return .max
    }
    let start = position
    let number = try count()
    guard number > 0 else { throw failure("must be a whole number from 1 on, or max", at: start) }
    return number
  }

  /// Reads `true` or `false`.
  fileprivate mutating func truth() throws(QueryError) -> Bool {
    for (word, value) in [("true", true), ("false", false)] where isAt(word) {
      position += word.utf8.count
      return value
    }
    throw failure("must be true or false")
  }

  /// Reads the value of a parameter alias: an expression, or a list in parentheses (OData ABNF `parameterValue`).
  fileprivate mutating func aliasValue() throws(QueryError) -> ExpressionSyntax {
    guard next == UInt8(ascii: "(") else { return try expression() }
    let start = position
    do throws(QueryError) {
      let single = try expression()
      skipBlanks()
      if position == text.count { return single }
    } catch {}
    position = start
    nodes = 0
    depth = 0
    openBrackets = 0
    return try nonEmptyList()
  }
}
