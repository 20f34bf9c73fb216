import NIOHTTP1
import OData

/// The format of a `$metadata` document.
enum MetadataFormat: Sendable {
  case xml, json

  /// The format for a request: by `$format`, or else by `Accept`, or else XML (OData 4.01 part 1, 8.2.1 and 11.1.2). A
  /// client that accepts neither gets XML, which RFC 9110 section 12.5.1 allows. Throws `GraphError.optionOfMetadata`
  /// for any other system query option or format.
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

  /// The value of `$format`; nil when there is none. Throws `GraphError.optionOfMetadata` for any other system query
  /// option, and the error of a query that is not percent-encoded correctly.
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

  /// How much a media type is preferred: its weight, then how specific the media range is.
  private static func quality(
    _ mediaType: String, _ ranges: [(type: MediaType, weight: Double)]
  ) -> Preference {
    let type = mediaType.prefix { $0 != "/" }
    var found = Preference(weight: 0, specificity: -1)
    for (range, weight) in ranges {
      let specificity = range.name == mediaType ? 2 : range.name == "\(type)/*" ? 1 : range.name == "*/*" ? 0 : -1
      guard specificity > found.specificity else { continue }
      found = Preference(weight: weight, specificity: specificity)
    }
    return found
  }

  private struct Preference: Comparable {
    let weight: Double
    let specificity: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.weight, left.specificity) < (right.weight, right.specificity)
    }
  }
}

extension GraphError {
  /// A query option that documents do not support.
  static let optionOfMetadata = GraphError(
    status: .badRequest, code: .badRequest,
    message: "This document takes no query option but $format, which is json, and on $metadata also xml.")
}
