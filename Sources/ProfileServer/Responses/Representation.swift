import NIOHTTP1
import OData

/// The form in which data is answered, as the client accepts it (OData 4.01 part 1, 8.2.1 and 11.2.12; OData JSON 4.01
/// section 3).
struct Representation: Equatable {
  /// How much control information an answer holds.
  enum Metadata: String {
    case minimal
    case none
  }

  var metadata = Metadata.minimal
  /// Whether 64-bit and decimal numbers are written as strings. Of those there is only `@odata.count`.
  var isIEEE754Compatible = false

  /// Graph's media type for data with these parameters.
  var contentType: String {
    self == Representation() ? Self.usualContentType : madeContentType
  }

  private static let usualContentType = Representation().madeContentType

  private var madeContentType: String {
    "application/json;odata.metadata=\(metadata.rawValue);odata.streaming=true;"
      + "IEEE754Compatible=\(isIEEE754Compatible);charset=utf-8"
  }

  /// The form without any wishes.
  init() {}

  /// The form for a request; nil when none is acceptable. `$format` wins over `Accept`.
  init?(format: String?, _ headers: HTTPHeaders) {
    let takesUTF8 = Self.takesUTF8(headers)
    guard takesUTF8 != false else { return nil }
    if let format {
      self.init(format: format)
    } else {
      self.init(accept: headers["Accept"], readsCharset: takesUTF8 == nil)
    }
  }

  /// `json` stands for the media type without parameters (OData URL Conventions 4.01 section 5.1.8).
  private init?(format: String) {
    guard format.lowercased() != "json" else {
      self.init()
      return
    }
    guard let type = MediaType(format), type.name == "application/json" else { return nil }
    self.init(parameters: type.parameters)
  }

  /// The best of what the client accepts: by weight, and by precision where weights tie (RFC 9110 section 12.5.1). The
  /// charset in it counts only without `Accept-Charset` (OData 4.01 part 1, 8.2.1).
  private init?(accept: [String], readsCharset: Bool) {
    // What nearly every request says, or nothing at all: no need to take it apart.
    guard accept != ["*/*"], accept != ["application/json"] else {
      self.init()
      return
    }
    let ranges = MediaType.accepted(accept)
    guard !ranges.isEmpty else {
      self.init()
      return
    }
    var best: (weight: Double, precision: Int, form: Representation)?
    for (range, weight) in ranges {
      guard let precision = Self.precision(range.name) else { continue }
      var parameters = range.parameters
      parameters["q"] = nil
      if !readsCharset { parameters["charset"] = nil }
      guard let form = Representation(parameters: parameters) else { continue }
      let rank = precision + min(parameters.count, 1)
      // A weight of zero forbids what less precise ranges allow.
      if let best, best.precision > rank || (best.precision == rank && best.weight >= weight) { continue }
      best = (weight, rank, form)
    }
    guard let best, best.weight > 0 else { return nil }
    self = best.form
  }

  private static func precision(_ name: String) -> Int? {
    switch name {
    case "*/*": 0
    case "application/*": 1
    case "application/json": 2
    default: nil
    }
  }

  /// The parameters of a media type; nil when one of them cannot be honoured.
  private init?(parameters: [String: String]) {
    for (name, value) in parameters {
      switch (name, value.lowercased()) {
      case ("odata.metadata", "minimal"), ("metadata", "minimal"): metadata = .minimal
      case ("odata.metadata", "none"), ("metadata", "none"): metadata = .none
      case ("ieee754compatible", "true"): isIEEE754Compatible = true
      case ("ieee754compatible", "false"): isIEEE754Compatible = false
      case ("odata.streaming", "true"), ("odata.streaming", "false"), ("streaming", "true"), ("streaming", "false"),
        ("charset", "utf-8"), ("charset", "utf8"):
        break
      default: return nil
      }
    }
  }

  /// Whether `Accept-Charset` takes UTF-8 (RFC 9110 section 12.5.2); nil when it is not there. An element that cannot be read
  /// takes nothing.
  static func takesUTF8(_ headers: HTTPHeaders) -> Bool? {
    let fields = headers["Accept-Charset"]
    guard !fields.isEmpty else { return nil }
    let weights = FieldList.weights(fields)
    return (weights["utf-8"] ?? weights["*"] ?? 0) > 0
  }
}

/// What a request says of the protocol itself (OData 4.01 part 1, 8.1.5, 8.2.6 and 8.2.7).
enum ProtocolFields {
  /// Throws when the request is of a version that cannot be read, takes no version that can be answered, or asks for an
  /// isolation from other requests: what is not offered must not be processed.
  static func check(_ headers: HTTPHeaders) throws(GraphError) {
    for (name, value) in headers {
      switch name.utf8.count {
      case 9 where "Isolation".isSameName(as: name), 15 where "OData-Isolation".isSameName(as: name):
        throw "snapshot".isSameName(as: String(FieldList.trimmed(value[...])))
          ? .isolationNotOffered : .isolationUnknown
      case 13 where "OData-Version".isSameName(as: name):
        guard let version = number(value) else { throw .versionNotOffered }
        guard version == 4.0 else { throw version > 4.0 ? .newerVersionNotOffered : .versionNotOffered }
      case 16 where "OData-MaxVersion".isSameName(as: name):
        guard let highest = number(value), highest >= 4.0 else { throw .versionNotOffered }
      default: continue
      }
    }
  }

  /// A version without what older clients of .NET write behind it, as `4.0;NetFx`.
  private static func number(_ text: String) -> Double? {
    guard text != "4.0" else { return 4.0 }
    let version = FieldList.trimmed(text[...].prefix { $0 != ";" })
    guard version.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }) else { return nil }
    return Double(version)
  }
}

extension GraphError {
  static let versionNotOffered = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The server speaks OData 4.0. Send OData-Version: 4.0 and OData-MaxVersion: 4.0 or higher, or neither.")

  /// A newer version of what is sent than is read here.
  static let newerVersionNotOffered = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "The server reads OData 4.0. What only a request of OData 4.01 or later may hold, such as nested updates and "
      + "control information without 'odata.', would be passed over. Send OData-Version: 4.0, or leave it out.")

  static let isolationNotOffered = GraphError(
    status: .preconditionFailed, code: .preconditionFailed,
    message: "The server does not offer OData-Isolation: snapshot. Each answer is read at its own moment; leave it out."
  )

  static let isolationUnknown = GraphError(
    status: .badRequest, code: .badRequest,
    message: "OData knows one isolation, snapshot, which this server does not offer. Leave out OData-Isolation.")
}
