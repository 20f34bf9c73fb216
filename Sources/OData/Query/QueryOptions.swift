/// The options of a request's query (OData URL Conventions 4.01 section 5), read against the type of the resource.
///
/// An option that is known is never silently ignored: one that the resource does not offer is refused by name. Plain
/// options are custom ones and are ignored, as on Graph.
public struct QueryOptions: Sendable {
  /// Which system query options a resource offers.
  public struct Supported: OptionSet, Sendable {
    public let rawValue: Int
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
    /// `$id`, which needs its dollar sign: `id` alone is an option of other services.
    public static let id = Supported(rawValue: 1 << 7)

    /// What lists of entities offer.
    public static let list: Supported = [.select, .filter, .search, .orderby, .paging, .format]
  }

  /// Names of system query options, without their dollar sign, which is optional.
  public static let systemNames: Set<String> = [
    "apply", "compute", "count", "deltatoken", "expand", "filter", "format", "index", "levels", "orderby",
    "schemaversion", "search", "select", "skip", "skiptoken", "top",
  ]

  /// What is asked for of each entity; nil for everything.
  public private(set) var selection: Selection?
  /// The navigation properties whose content is asked for; nil when there is no `$expand`.
  public private(set) var expansions: [Expansion]?
  /// What entities must satisfy.
  public private(set) var filter: Expression?
  /// What entities' texts must hold.
  public private(set) var search: SearchExpression?
  /// nil for the order that the resource has by itself.
  public private(set) var ordering: Ordering?
  /// `$top`; a number beyond every bound is as large as fits.
  public private(set) var top: Int?
  /// `$skip`, bounded as `top`.
  public private(set) var skip: Int?
  /// `$count=true`.
  public private(set) var countsAll = false
  /// Where a list goes on, as a link of this server says.
  public private(set) var skipToken: String?
  /// `$format`, which is a media type or short for one.
  public private(set) var format: String?
  /// `$id`: the address of the entity whose reference is meant (OData URL Conventions 4.01 section 5.1.6).
  public private(set) var id: String?
  /// Everything that a link to another page holds for, as it was written: all options but `$skip` and `$skiptoken`, whose
  /// place the link takes, and the aliases that expressions may use.
  public private(set) var identity: [String: String] = [:]

  /// The options that go with a list from page to page, as they were written.
  public private(set) var written: [(name: String, value: String)] = []

  private var names: Set<String> = []

  /// No options.
  public init() {}

  /// Whether anything but the bounds of a page decides what is listed.
  public var isPlain: Bool { filter == nil && search == nil && ordering == nil }

  /// Reads a query, without `?`. Throws for the first option that cannot be honoured.
  public init(
    _ query: some Collection<UInt8>, of type: StructuredType, offering offer: Supported
  ) throws(QueryError) {
    let decoded = try DecodedQuery(query)
    let aliases = try Self.syntax(of: decoded.aliases)
    for (name, value) in decoded.options {
      guard offer.contains(Self.offer(of: name)) else { throw .notOffered(name) }
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

  /// Keeps the aliases that expressions may use.
  mutating func note(_ aliases: [String: QueryAlias]) {
    guard filter != nil || ordering != nil else { return }
    for (name, alias) in aliases.sorted(by: { $0.key < $1.key }) {
      identity["@\(name)"] = alias.text
      written.append(("@\(name)", alias.text))
    }
  }

  /// Reads one option where `parser` stands.
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

  /// Keeps what was written, where it goes on from page to page.
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

  /// Whether an alias is well written matters only where it is used.
  private static func parsed(_ name: String, _ value: String) -> QueryAlias {
    var parser = OptionParser("@\(PropertyPath.printable(name))", value)
    do throws(QueryError) {
      return QueryAlias(
        text: value, syntax: .success(try parser.whole { parser throws(QueryError) in try parser.aliasValue() }))
    } catch {
      return QueryAlias(text: value, syntax: .failure(error))
    }
  }

  private static func offer(of name: String) -> Supported {
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

  /// What is selected, of the entity and of what is expanded in it, as it stands in a context URL (OData JSON 4.01
  /// section 10.9 and following); empty for everything.
  public func contextSuffix(of type: StructuredType) -> String {
    let expanded = (expansions ?? []).compactMap { expansion -> String? in
      guard let target = type.navigation.first(where: { $0.name == expansion.navigation })?.target else { return nil }
      let suffix = expansion.options.contextSuffix(of: target)
      return suffix.isEmpty ? nil : expansion.navigation + suffix
    }
    let paths =
      (selection?.paths(of: type).filter { path in !expanded.contains { $0.hasPrefix(path + "(") } } ?? []) + expanded
    return paths.isEmpty ? "" : "(\(paths.joined(separator: ",")))"
  }

  /// The name of a system query option in lower case with its dollar sign, however it was written; nil for others.
  static func systemName(_ name: String) -> String? {
    let bare = (name.utf8.first == UInt8(ascii: "$") ? String(name.dropFirst()) : name).lowercased()
    guard bare != "id" else { return bare.utf8.count < name.utf8.count ? "$id" : nil }
    return systemNames.contains(bare) ? "$" + bare : nil
  }
}

/// A parameter alias (OData URL Conventions 4.01 section 5.3).
struct QueryAlias {
  /// Its value as it was written.
  let text: String
  /// What it stands for, or what is wrong with it.
  let syntax: Result<ExpressionSyntax, QueryError>
}

/// A query taken apart: split first, each piece decoded once afterwards (OData URL Conventions 4.01 section 2.1).
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
  /// A number of entities; one beyond every bound is as large as fits.
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

  fileprivate mutating func truth() throws(QueryError) -> Bool {
    for (word, value) in [("true", true), ("false", false)] where isAt(word) {
      position += word.utf8.count
      return value
    }
    throw failure("must be true or false")
  }

  /// What a parameter alias stands for: an expression, or a list in parentheses.
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
