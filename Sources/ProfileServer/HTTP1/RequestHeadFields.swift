import NIOHTTP1
import OData

/// The header fields that decide on the connection, the framing and the content of a request, collected in one pass.
struct RequestHeadFields {
  /// The value of `Host`; nil when there is none.
  private(set) var host: String?
  /// The value of `Content-Length` as it was sent; nil when there is none.
  private(set) var contentLength: String?
  /// The values of `Transfer-Encoding`.
  private(set) var transferEncoding: [String] = []
  /// The values of `Content-Encoding`.
  private(set) var contentEncoding: [String] = []
  /// The values of `Connection`.
  private(set) var connection: [String] = []
  /// The values of `Expect`.
  private(set) var expect: [String] = []
  /// Whether there is an `Upgrade` field (RFC 9110 section 7.8).
  private(set) var hasUpgrade = false
  /// Whether a value ends in whitespace, which is not part of it (RFC 9110 section 5.5) and which NIO's decoder leaves
  /// there.
  private(set) var isPadded = false

  /// Collects the fields. Throws `GraphError.repeatedField` when a singleton field occurs twice (RFC 9110 section 5.3):
  /// a proxy may have acted on the other one.
  init(_ headers: HTTPHeaders) throws(GraphError) {
    var seen: UInt32 = 0
    for (name, value) in headers {
      if let last = value.utf8.last, last == 0x20 || last == 0x09 { isPadded = true }
      guard let field = KnownField(name) else { continue }
      if field.isSingleton {
        let bit: UInt32 = 1 << field.rawValue
        guard seen & bit == 0 else { throw .repeatedField(field.name) }
        seen |= bit
      }
      collect(field, value)
    }
  }

  /// Checks the header fields of a request within a batch. Throws `GraphError.repeatedField` when a singleton field
  /// occurs twice.
  static func checkSingletonFields(_ headers: HTTPHeaders) throws(GraphError) { _ = try RequestHeadFields(headers) }

  private mutating func collect(_ field: KnownField, _ value: String) {
    switch field {
    case .host: host = value
    case .contentLength: contentLength = value
    case .transferEncoding: transferEncoding.append(value)
    case .contentEncoding: contentEncoding.append(value)
    case .connection: connection.append(value)
    case .expect: expect.append(value)
    case .upgrade: hasUpgrade = true
    case .authorization, .contentType, .idempotencyKey, .odataVersion, .odataMaxVersion, .clientRequestID, .origin,
      .requestMethod, .identityHeader, .fetchSite:
      break
    }
  }
}

/// The fields that are recognized; their names are case-insensitive (RFC 9110 section 5.1).
private enum KnownField: UInt8 {
  case host, contentLength, transferEncoding, contentEncoding, connection, expect, authorization, contentType
  case idempotencyKey, odataVersion, odataMaxVersion, clientRequestID, origin, requestMethod, identityHeader, fetchSite,
    upgrade

  /// The field with a name; nil for any other. Most names are told apart by their length.
  init?(_ name: String) {
    let candidates: (Self, Self?, Self?)
    switch name.utf8.count {
    case 4: candidates = (.host, nil, nil)
    case 6: candidates = (.expect, .origin, nil)
    case 7: candidates = (.upgrade, nil, nil)
    case 10: candidates = (.connection, nil, nil)
    case 12: candidates = (.contentType, nil, nil)
    case 13: candidates = (.authorization, .odataVersion, nil)
    case 14: candidates = (.contentLength, .fetchSite, nil)
    case 15: candidates = (.idempotencyKey, nil, nil)
    case 16: candidates = (.contentEncoding, .odataMaxVersion, nil)
    case 17: candidates = (.transferEncoding, .clientRequestID, .identityHeader)
    case 29: candidates = (.requestMethod, nil, nil)
    default: return nil
    }
    if candidates.0.name.isSameName(as: name) {
      self = candidates.0
    } else if let second = candidates.1, second.name.isSameName(as: name) {
      self = second
    } else if let third = candidates.2, third.name.isSameName(as: name) {
      self = third
    } else {
      return nil
    }
  }

  /// The name as its standard spells it.
  var name: String {
    switch self {
    case .host: "Host"
    case .contentLength: "Content-Length"
    case .transferEncoding: "Transfer-Encoding"
    case .contentEncoding: "Content-Encoding"
    case .connection: "Connection"
    case .expect: "Expect"
    case .authorization: "Authorization"
    case .contentType: "Content-Type"
    case .idempotencyKey: "Idempotency-Key"
    case .odataVersion: "OData-Version"
    case .odataMaxVersion: "OData-MaxVersion"
    case .clientRequestID: "client-request-id"
    case .origin: "Origin"
    case .requestMethod: "Access-Control-Request-Method"
    case .identityHeader: "X-IDENTITY-HEADER"
    case .fetchSite: "Sec-Fetch-Site"
    case .upgrade: "Upgrade"
    }
  }

  /// Whether the field is a singleton rather than a list (RFC 9110 section 5.5).
  var isSingleton: Bool {
    switch self {
    case .transferEncoding, .contentEncoding, .connection, .expect, .upgrade: false
    case .host, .contentLength, .authorization, .contentType, .idempotencyKey, .odataVersion, .odataMaxVersion,
      .clientRequestID, .origin, .requestMethod, .identityHeader, .fetchSite:
      true
    }
  }
}
