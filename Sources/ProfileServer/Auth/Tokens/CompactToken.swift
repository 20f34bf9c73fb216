import OData

/// A JSON Web Signature in the compact form, taken apart and not yet believed (RFC 7515 sections 3.1 and 5.2).
struct CompactToken {
  /// The algorithms that tokens may be signed with.
  enum Algorithm: String, Sendable {
    case rs256 = "RS256"
    case es256 = "ES256"
  }

  let algorithm: Algorithm
  /// The key's id; a token without one is refused, since guessing a key invites confusion.
  let keyID: BytewiseString
  let claims: JSONTree
  /// The bytes that the signature covers: both encoded parts with their dot.
  let signedBytes: [UInt8]
  let signature: [UInt8]

  /// Takes `token` apart and reads header and claims.
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

  /// `typ` is ignored: issuers disagree about it. Keys inside the header (`jwk`, `jku`, `x5c`) are never used.
  private static func check(_ header: JSONTree) throws(TokenRefusal) -> (Algorithm, BytewiseString) {
    guard header["crit"] == nil else { throw .criticalExtension }
    guard let name = header["alg"]?.text, let algorithm = Algorithm(exactly: name) else { throw .unsupportedAlgorithm }
    guard let keyID = header["kid"]?.text else { throw .unknownKey }
    return (algorithm, BytewiseString(keyID))
  }
}

extension CompactToken.Algorithm {
  /// The algorithm with exactly these bytes as its name.
  init?(exactly name: String) {
    switch BytewiseString(name) {
    case "RS256": self = .rs256
    case "ES256": self = .es256
    default: return nil
    }
  }
}

/// The `Authorization` header field of bearer tokens (RFC 6750 section 2.1).
enum BearerToken {
  private static let scheme = Array("bearer".utf8)

  /// Where the token lies within the field's value, or nil when the scheme is another one or nothing follows it.
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
