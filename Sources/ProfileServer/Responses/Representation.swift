import NIOHTTP1
import OData

/// The representation of data in a response, as the client accepts it (OData 4.01 part 1, 8.2.1 and 11.2.12; OData JSON
/// 4.01 section 3).
struct Representation: Equatable {
  /// The amount of control information (OData JSON 4.01 section 3.1).
  enum Metadata: String {
    case minimal
    case none
  }

  /// The amount of control information.
  var metadata = Metadata.minimal
  /// Whether 64-bit and decimal numbers are strings (OData JSON 4.01 section 3.2). The only one is `@odata.count`.
  var isIEEE754Compatible = false

  /// The media type with its parameters, as Graph writes it.
  var contentType: String {
    self == Representation() ? Self.defaultContentType : makeContentType()
  }

  private static let defaultContentType = Representation().makeContentType()

  private func makeContentType() -> String {
    "application/json;odata.metadata=\(metadata.rawValue);odata.streaming=true;"
      + "IEEE754Compatible=\(isIEEE754Compatible);charset=utf-8"
  }

  /// The default representation.
  init() {}

  /// The representation for a request; nil when none is acceptable. `$format` overrides `Accept` (OData 4.01 part 1,
  /// 11.2.12).
  init?(format: String?, _ headers: RequestFields) {
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

  /// The representation that the client prefers: the most specific media ranges decide, by weight (RFC 9110 section
  /// 12.5.1). A charset in `Accept` counts only without `Accept-Charset` (OData 4.01 part 1, 8.2.1).
  private init?(accept: [String], readsCharset: Bool) {
    // The common values need no parsing.
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
      // A weight of zero excludes what less specific ranges accept.
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

  /// The representation with the parameters of a media type; nil when one of them is not supported.
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

  /// Whether `Accept-Charset` accepts UTF-8 (RFC 9110 section 12.5.2); nil without the field. A malformed element is
  /// ignored.
  static func takesUTF8(_ headers: RequestFields) -> Bool? {
    let fields = headers["Accept-Charset"]
    guard !fields.isEmpty else { return nil }
    let weights = FieldList.weights(fields)
    return (weights["utf-8"] ?? weights["*"] ?? 0) > 0
  }
}

/// The header fields for the OData protocol itself (OData 4.01 part 1, 8.1.5, 8.2.6 and 8.2.7).
enum ProtocolFields {
  /// Checks versions and isolation. Throws `GraphError.versionNotOffered` or `newerVersionNotOffered` when the request
  /// has a version other than 4.0 or accepts no such response, and `isolationNotOffered` or `isolationUnknown` when it
  /// asks for an isolation, because a service must refuse what it does not offer.
  static func check(_ headers: RequestFields) throws(GraphError) {
    guard
      headers.contains(name: "OData-Version") || headers.contains(name: "OData-MaxVersion")
        || headers.contains(name: "Isolation") || headers.contains(name: "OData-Isolation")
    else { return }
    for (name, value) in headers.all {
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

  /// A version number, without the suffix of older .NET clients, as in `4.0;NetFx`.
  private static func number(_ text: String) -> Double? {
    guard text != "4.0" else { return 4.0 }
    let version = FieldList.trimmed(text[...].prefix { $0 != ";" })
    guard version.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }) else { return nil }
    return Double(version)
  }
}

extension GraphError {
  /// A version that the server does not speak (OData 4.01 part 1, 8.1.5 and 8.2.7).
  static let versionNotOffered = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The server speaks OData 4.0. Send OData-Version: 4.0 and OData-MaxVersion: 4.0 or higher, or neither.")

  /// A request of a version after 4.0.
  static let newerVersionNotOffered = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "The server reads OData 4.0. What only a request of OData 4.01 or later may hold, such as nested updates and "
      + "control information without 'odata.', would be passed over. Send OData-Version: 4.0, or leave it out.")

  /// Snapshot isolation (OData 4.01 part 1, 8.2.6).
  static let isolationNotOffered = GraphError(
    status: .preconditionFailed, code: .preconditionFailed,
    message: "The server does not offer OData-Isolation: snapshot. Each answer is read at its own moment; leave it out."
  )

  /// An isolation that OData does not define.
  static let isolationUnknown = GraphError(
    status: .badRequest, code: .badRequest,
    message: "OData knows one isolation, snapshot, which this server does not offer. Leave out OData-Isolation.")
}
