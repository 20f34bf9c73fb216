import NIOHTTP1
import OData

/// The header fields of a request that decide on its connection, its framing and its body, found in one walk.
struct HeadFields {
  /// nil when there is none.
  private(set) var host: String?
  /// As it was sent; nil when there is none.
  private(set) var contentLength: String?
  private(set) var transferEncoding: [String] = []
  private(set) var contentEncoding: [String] = []
  private(set) var connection: [String] = []
  private(set) var expect: [String] = []
  /// Whether another protocol is asked for (RFC 9110 section 7.8).
  private(set) var hasUpgrade = false
  /// Whether a value ends in blanks, which are none of it and which the codec leaves there (RFC 9110 section 5.5).
  private(set) var isPadded = false

  /// Throws when a field stands twice that may stand once: whoever else reads such a request, as a proxy may have, could
  /// have taken the other one (RFC 9110 section 5.3).
  init(_ headers: HTTPHeaders) throws(GraphError) {
    var seen: UInt32 = 0
    for (name, value) in headers {
      if let last = value.utf8.last, last == 0x20 || last == 0x09 { isPadded = true }
      guard let field = KnownField(name) else { continue }
      if field.isSingle {
        let bit: UInt32 = 1 << field.rawValue
        guard seen & bit == 0 else { throw .repeatedField(field.name) }
        seen |= bit
      }
      take(field, value)
    }
  }

  /// Throws when a field stands twice that may stand once, also in one request of a batch.
  static func checkOnce(_ headers: HTTPHeaders) throws(GraphError) { _ = try HeadFields(headers) }

  private mutating func take(_ field: KnownField, _ value: String) {
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

/// The fields that are looked at, by names of any case.
private enum KnownField: UInt8 {
  case host, contentLength, transferEncoding, contentEncoding, connection, expect, authorization, contentType
  case idempotencyKey, odataVersion, odataMaxVersion, clientRequestID, origin, requestMethod, identityHeader, fetchSite,
    upgrade

  /// The length tells most names apart already.
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

  /// As it is written in standards.
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

  /// Whether the field is no list.
  var isSingle: Bool {
    switch self {
    case .transferEncoding, .contentEncoding, .connection, .expect, .upgrade: false
    case .host, .contentLength, .authorization, .contentType, .idempotencyKey, .odataVersion, .odataMaxVersion,
      .clientRequestID, .origin, .requestMethod, .identityHeader, .fetchSite:
      true
    }
  }
}
