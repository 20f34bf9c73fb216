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
