/// The options of a request's query (OData URL Conventions 4.01 section 5), read against the type of the resource.
///
/// An option that is known is never silently ignored: one that the resource does not offer is refused by name. Plain
/// options are custom ones and are ignored, as on Graph.
public struct QueryOptions: Equatable, Sendable {
  /// Which system query options a resource offers.
  public struct Offer: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let select = Offer(rawValue: 1 << 0)
    public static let expand = Offer(rawValue: 1 << 1)
  }

  /// Names of system query options. On `/beta` the dollar sign is optional, so these are known without it too.
  public static let systemNames: Set<String> = [
    "apply", "compute", "count", "deltatoken", "expand", "filter", "format", "index", "levels", "orderby",
    "schemaversion", "search", "select", "skip", "skiptoken", "top",
  ]

  /// What is asked for of each entity; nil for everything.
  public private(set) var selection: Selection?
  /// The navigation properties whose content is asked for; nil when there is no `$expand`.
  public private(set) var expansions: [Expansion]?

  /// No options.
  public init() {}

  /// Reads a query, without `?`. Throws for the first option that cannot be honoured.
  public init(
    _ query: some Collection<UInt8>, of type: StructuredType, offering offer: Offer
  ) throws(QueryError) {
    for option in query.split(separator: UInt8(ascii: "&")) {
      let rawName = option.prefix { $0 != UInt8(ascii: "=") }
      guard let name = PercentEncoding.decode(rawName) else { throw .malformedEncoding }
      guard let systemName = try Self.systemName(name) else { continue }
      guard let value = PercentEncoding.decodeQuery(option.dropFirst(rawName.count + 1)) else {
        throw .malformedEncoding
      }
      try take(systemName, value, of: type, offer)
    }
  }

  private mutating func take(
    _ name: String, _ value: String, of type: StructuredType, _ offer: Offer
  ) throws(QueryError) {
    switch name {
    case "$select" where offer.contains(.select):
      guard selection == nil else { throw .duplicate(name) }
      var parser = SelectionParser(name, value)
      selection = try parser.selection(of: type)
    case "$expand" where offer.contains(.expand):
      guard expansions == nil else { throw .duplicate(name) }
      var parser = SelectionParser(name, value)
      expansions = try parser.expansions(of: type)
    default: throw .notOffered(name)
    }
  }

  /// The name with its dollar sign; nil for a custom option.
  private static func systemName(_ name: String) throws(QueryError) -> String? {
    let hasDollar = name.utf8.first == UInt8(ascii: "$")
    let bare = (hasDollar ? String(name.dropFirst()) : name).lowercased()
    if systemNames.contains(bare) { return "$" + bare }
    guard !hasDollar else { throw .unknown(PropertyPath.shown(name)) }
    return nil
  }
}

/// Why a query is refused.
public enum QueryError: Error, Equatable, Sendable {
  case malformedEncoding
  /// A system query option that this resource does not offer.
  case notOffered(String)
  /// An option with a dollar sign that OData does not know.
  case unknown(String)
  /// An option that stands twice.
  case duplicate(String)
  /// An option's value is not written as OData demands; `position` counts bytes of the decoded value.
  case syntax(option: String, position: Int, reason: String)
  /// An option names something that the type does not have.
  case unknownName(option: String, name: String, position: Int)

  /// A sentence for people.
  public var message: String {
    switch self {
    case .malformedEncoding: "The query holds a percent-encoding that is not valid UTF-8."
    case .notOffered(let name): "The query option '\(name)' is not offered on this resource. Leave it out."
    case .unknown(let name): "There is no query option '\(name)'. Options with a dollar sign are those of OData."
    case .duplicate(let name): "The query option '\(name)' stands twice. Send it once."
    case .syntax(let option, let position, let reason):
      "The value of '\(option)' \(reason), at position \(position). Write it as OData URL Conventions demand."
    case .unknownName(let option, let name, let position):
      "'\(option)' names '\(name)' at position \(position), which this resource does not have. Correct or remove it."
    }
  }
}
