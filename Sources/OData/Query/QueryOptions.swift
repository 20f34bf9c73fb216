/// The options of a request's query (OData URL Conventions 4.01 section 5).
///
/// None is offered so far, and an option that is known is never silently ignored: each is refused by name. Plain
/// options are custom ones and are ignored, as on Graph.
public struct QueryOptions: Equatable, Sendable {
  /// Names of system query options. On `/beta` the dollar sign is optional, so these are refused without it too.
  public static let systemNames: Set<String> = [
    "apply", "compute", "count", "deltatoken", "expand", "filter", "format", "index", "levels", "orderby",
    "schemaversion", "search", "select", "skip", "skiptoken", "top",
  ]

  /// Reads a query, without `?`. Throws for the first option that is not offered.
  public init(_ query: some Collection<UInt8>) throws(QueryError) {
    for option in query.split(separator: UInt8(ascii: "&")) {
      let rawName = option.prefix { $0 != UInt8(ascii: "=") }
      guard let name = PercentEncoding.decode(rawName) else { throw .malformedEncoding }
      let hasDollar = name.utf8.first == UInt8(ascii: "$")
      let bare = (hasDollar ? String(name.dropFirst()) : name).lowercased()
      guard !hasDollar, !Self.systemNames.contains(bare) else {
        throw Self.systemNames.contains(bare) ? .notOffered("$" + bare) : .unknown(PropertyPath.shown(name))
      }
    }
  }
}

/// Why a query is refused.
public enum QueryError: Error, Equatable, Sendable {
  case malformedEncoding
  /// A system query option that the server does not offer on any resource.
  case notOffered(String)
  /// An option with a dollar sign that OData does not know.
  case unknown(String)

  /// A sentence for people.
  public var message: String {
    switch self {
    case .malformedEncoding: "The query holds a percent-encoding that is not valid UTF-8."
    case .notOffered(let name): "The query option '\(name)' is not offered on this resource. Leave it out."
    case .unknown(let name): "There is no query option '\(name)'. Options with a dollar sign are those of OData."
    }
  }
}
