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
