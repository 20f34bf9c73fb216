import NIOHTTP1

/// The names of the header fields of responses.
enum HeaderName: Int, CaseIterable, Sendable {
  case acceptEncoding, accessControlAllowHeaders, accessControlAllowMethods, accessControlAllowOrigin,
    accessControlExposeHeaders, accessControlMaxAge, allow, cacheControl, clientRequestID, connection,
    contentEncoding, contentLanguage, contentLength, contentSecurityPolicy, contentType, contentTypeOptions, date,
    entityTag, location, entityID,
    odataVersion, preferenceApplied, requestID, retryAfter, vary, authenticate

  /// The name as it is sent.
  var text: String {
    switch self {
    case .acceptEncoding: "Accept-Encoding"
    case .accessControlAllowHeaders: "Access-Control-Allow-Headers"
    case .accessControlAllowMethods: "Access-Control-Allow-Methods"
    case .accessControlAllowOrigin: "Access-Control-Allow-Origin"
    case .accessControlExposeHeaders: "Access-Control-Expose-Headers"
    case .accessControlMaxAge: "Access-Control-Max-Age"
    case .allow: "Allow"
    case .cacheControl: "Cache-Control"
    case .clientRequestID: "client-request-id"
    case .connection: "Connection"
    case .contentEncoding: "Content-Encoding"
    case .contentLanguage: "Content-Language"
    case .contentLength: "Content-Length"
    case .contentSecurityPolicy: "Content-Security-Policy"
    case .contentType: "Content-Type"
    case .contentTypeOptions: "X-Content-Type-Options"
    case .date: "Date"
    case .entityTag: "ETag"
    case .location: "Location"
    case .entityID: "OData-EntityId"
    case .odataVersion: "OData-Version"
    case .preferenceApplied: "Preference-Applied"
    case .requestID: "request-id"
    case .retryAfter: "Retry-After"
    case .vary: "Vary"
    case .authenticate: "WWW-Authenticate"
    }
  }

  /// The name as the beginning of a JSON member: in quotes, with its colon.
  var memberPrefix: [UInt8] { Self.memberPrefixes[rawValue] }

  private static let memberPrefixes = allCases.map { Array("\"\($0.text)\":".utf8) }

  /// Whether the field belongs to the message as a whole rather than to one response within a batch.
  var isOfConnection: Bool {
    switch self {
    case .connection, .contentLength, .date, .accessControlAllowOrigin, .accessControlExposeHeaders: true
    case .acceptEncoding, .accessControlAllowHeaders, .accessControlAllowMethods, .accessControlMaxAge, .allow,
      .cacheControl, .clientRequestID, .contentEncoding, .contentLanguage, .contentSecurityPolicy, .contentType,
      .contentTypeOptions, .entityTag, .location,
      .entityID, .odataVersion,
      .preferenceApplied, .requestID, .retryAfter, .vary, .authenticate:
      false
    }
  }
}

/// The header fields of a response, each once, in the order of their addition.
///
/// NIO's `HTTPHeaders` compares names case-insensitively and validates each addition, which these fixed names do not
/// need. Values that come from a request have been checked to be printable.
struct HeaderFields: Equatable, Sendable {
  private var fields: [Field]

  private struct Field: Equatable, Sendable {
    let name: HeaderName
    var value: String
  }

  /// As many fields as most responses have, so that memory is allocated once.
  private static let usualCount = 12

  /// The value of a field; nil when there is none.
  subscript(name: HeaderName) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      let place = fields.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): fields[place].value = value
      case (let place?, nil): fields.remove(at: place)
      case (nil, let value?):
        if fields.count == fields.capacity { fields.reserveCapacity(Swift.max(Self.usualCount, fields.count * 2)) }
        fields.append(Field(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// The fields for NIO's encoder.
  var httpHeaders: HTTPHeaders { HTTPHeaders(map { ($0.name.text, $0.value) }) }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral elements: (HeaderName, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }
}

extension HeaderFields: Sequence {
  func makeIterator() -> some IteratorProtocol<(name: HeaderName, value: String)> {
    fields.lazy.map { (name: $0.name, value: $0.value) }.makeIterator()
  }
}

extension HeaderFields {
  /// How many bytes `write(to:)` appends.
  var byteCount: Int { fields.reduce(0) { $0 + Self.byteCount(of: $1.name, $1.value) } }

  /// How many bytes one field takes.
  static func byteCount(of name: HeaderName, _ value: String) -> Int {
    name.text.utf8.count + value.utf8.count + 4
  }

  /// Appends each field as a field line (RFC 9112 section 5).
  func write(to serializer: inout ResponseSerializer) {
    for field in fields { Self.write(field.name, field.value, to: &serializer) }
  }

  /// Appends one field line.
  static func write(_ name: HeaderName, _ value: String, to serializer: inout ResponseSerializer) {
    serializer.append(name.text)
    serializer.append(UInt8(ascii: ":"), UInt8(ascii: " "))
    serializer.append(value)
    serializer.append(UInt8(ascii: "\r"), UInt8(ascii: "\n"))
  }
}
