import NIOHTTP1
import OData

/// The format in which a client wants `$metadata`.
enum MetadataFormat: Sendable {
  case xml, json

  /// `$format` decides, else `Accept`, else XML (OData Protocol 4.01 section 8.2.1). A client that accepts
  /// neither gets XML, which RFC 9110 section 12.5.1 allows.
  init(_ request: GraphRequest) throws(GraphError) {
    if let format = try Self.option(request.query) {
      switch format.lowercased() {
      case "xml", "application/xml": self = .xml
      case "json", "application/json": self = .json
      default: throw .optionOfMetadata
      }
      return
    }
    let ranges = MediaType.accepted(request.headers["Accept"])
    let xml = Self.quality("application/xml", ranges)
    let json = Self.quality("application/json", ranges)
    self = json > xml ? .json : .xml
  }

  /// The value of `$format`; any other option with a dollar sign is refused by name.
  static func option(_ query: Substring.UTF8View) throws(GraphError) -> String? {
    var format: String?
    for option in query.split(separator: UInt8(ascii: "&")) {
      let parts = option.split(separator: UInt8(ascii: "="), maxSplits: 1)
      guard let rawName = parts.first else { continue }
      guard let name = PercentEncoding.decodeText(rawName)?.lowercased() else {
        throw GraphError(QueryError.malformedEncoding)
      }
      guard name == "$format" || name == "format" else {
        guard !name.hasPrefix("$") else { throw .optionOfMetadata }
        continue
      }
      guard let value = parts.dropFirst().first.flatMap(PercentEncoding.decode) else { throw .optionOfMetadata }
      format = value
    }
    return format
  }

  /// How much a media type is wanted: its quality, then how exactly it was named.
  private static func quality(
    _ mediaType: String, _ ranges: [(type: MediaType, weight: Double)]
  ) -> Preference {
    let type = mediaType.prefix { $0 != "/" }
    var found = Preference(weight: 0, exactness: -1)
    for (range, weight) in ranges {
      let exactness = range.name == mediaType ? 2 : range.name == "\(type)/*" ? 1 : range.name == "*/*" ? 0 : -1
      guard exactness > found.exactness else { continue }
      found = Preference(weight: weight, exactness: exactness)
    }
    return found
  }

  private struct Preference: Comparable {
    let weight: Double
    let exactness: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.weight, left.exactness) < (right.weight, right.exactness)
    }
  }
}

extension GraphError {
  /// The documents of the metadata take no option but one.
  static let optionOfMetadata = GraphError(
    status: .badRequest, code: .badRequest,
    message: "This document takes no query option but $format, which is json, and on $metadata also xml.")
}
