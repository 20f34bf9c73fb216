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
    guard Self.acceptsUTF8(headers) else { return nil }
    if let format {
      self.init(format: format)
    } else {
      self.init(accept: headers["Accept"])
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

  /// The best of what the client accepts: by weight, and by precision where weights tie (RFC 9110 section 12.5.1).
  private init?(accept: [String]) {
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

  /// RFC 9110 section 12.5.2. An element that cannot be read accepts nothing.
  private static func acceptsUTF8(_ headers: HTTPHeaders) -> Bool {
    let fields = headers["Accept-Charset"]
    guard !fields.isEmpty else { return true }
    var weights: [String: Double] = [:]
    for charset in FieldList.readable(fields) {
      let parts = (FieldList.split(charset, at: UInt8(ascii: ";")) ?? []).map { FieldList.trimmed($0).lowercased() }
      guard let name = parts.first, let weight = Self.weight(parts.dropFirst()) else { continue }
      weights[name] = weight
    }
    return (weights["utf-8"] ?? weights["*"] ?? 0) > 0
  }

  /// The weight among the parameters of a charset, which has no other; nil when they are malformed.
  private static func weight(_ parameters: ArraySlice<String>) -> Double? {
    guard let parameter = parameters.first else { return 1 }
    guard parameters.count == 1, parameter.hasPrefix("q=") else { return nil }
    return FieldList.weight(String(parameter.dropFirst(2)))
  }
}

/// The versions of OData that a request names (OData 4.01 part 1, 8.1.5 and 8.2.7).
enum ProtocolVersion {
  /// Whether a request in this version can be read, and one that takes answers up to this version be answered.
  static func isOffered(_ headers: HTTPHeaders) -> Bool {
    if let version = headers.first(name: "OData-Version"), number(version) != 4.0 { return false }
    if let highest = headers.first(name: "OData-MaxVersion") {
      guard let number = number(highest), number >= 4.0 else { return false }
    }
    return true
  }

  private static func number(_ text: String) -> Double? {
    let text = text.filter { $0 != " " }
    guard text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }) else { return nil }
    return Double(text)
  }
}
