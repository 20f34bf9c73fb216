import OData

/// A JSON Web Signature in compact serialization, parsed but not verified (RFC 7515 sections 3.1 and 5.2).
struct CompactToken {
  let algorithm: SignatureAlgorithm
  /// The key id. A token without one is refused: trying keys in turn invites key confusion.
  let keyID: BytewiseString
  let claims: JSONTree
  /// The signing input: the encoded header and payload with the dot between them.
  let signedBytes: [UInt8]
  let signature: [UInt8]

  /// Parses `token`, its header and its claims. Throws `TokenRefusal` when it is too long or malformed, or when its
  /// header has `crit`, an unsupported `alg` or no `kid`.
  init(_ token: UnsafeBufferPointer<UInt8>) throws(TokenRefusal) {
    guard token.count <= Limits.tokenBytesMax else { throw .tooLong }
    let dots = token.indices.filter { token[$0] == UInt8(ascii: ".") }
    guard dots.count == 2 else { throw .malformed }
    let header = try Self.object(token[..<dots[0]])
    (algorithm, keyID) = try Self.check(header)
    claims = try Self.object(token[(dots[0] + 1)..<dots[1]])
    guard let signature = Base64URL.decode(token[(dots[1] + 1)...]), !signature.isEmpty else { throw .malformed }
    self.signature = signature
    signedBytes = Array(token[..<dots[1]])
  }

  private static func object(_ part: Slice<UnsafeBufferPointer<UInt8>>) throws(TokenRefusal) -> JSONTree {
    guard let bytes = Base64URL.decode(part), let tree = try? JSONTree(bytes), tree.members != nil else {
      throw .malformed
    }
    return tree
  }

  /// Ignores `typ`, on which issuers disagree. Keys in the header (`jwk`, `jku`, `x5c`) are never used.
  private static func check(_ header: JSONTree) throws(TokenRefusal) -> (SignatureAlgorithm, BytewiseString) {
    guard header["crit"] == nil else { throw .criticalExtension }
    guard let name = header["alg"]?.text, let algorithm = SignatureAlgorithm(exactly: name) else {
      throw .unsupportedAlgorithm
    }
    guard let keyID = header["kid"]?.text else { throw .unknownKey }
    return (algorithm, BytewiseString(keyID))
  }
}

/// The `Authorization` header field of bearer tokens (RFC 6750 section 2.1).
enum BearerToken {
  private static let scheme = Array("bearer".utf8)

  /// The range of the token in the field value; nil when the scheme is another one or nothing follows it.
  static func range(in value: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    guard value.count > scheme.count, value[scheme.count] == UInt8(ascii: " ") else { return nil }
    for index in scheme.indices where value[index] | 0x20 != scheme[index] { return nil }
    var start = scheme.count
    while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
    var end = value.count
    while end > start, value[end - 1] == UInt8(ascii: " ") { end -= 1 }
    return start < end ? start..<end : nil
  }
}

/// The signature algorithms that tokens may use (RFC 7518 section 3.1).
public enum SignatureAlgorithm: String, Sendable {
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  case rs256 = "RS256"
  /// ECDSA on P-256 with SHA-256.
  case es256 = "ES256"

  /// The algorithm with exactly these bytes as its name; nil for every other name.
  init?(exactly name: String) {
    switch BytewiseString(name) {
    case "RS256": self = .rs256
    case "ES256": self = .es256
    default: return nil
    }
  }
}
