import Authentication
import Crypto

/// Secrets as text, and their comparison.
enum ConstantTimeText {
  /// Whether both are equal. Compares digests, which have one length, in constant time.
  static func isEqual(_ left: String, _ right: String) -> Bool {
    SHA256.hash(data: Array(left.utf8)) == SHA256.hash(data: Array(right.utf8))
  }

  /// A new secret of 256 random bits, in characters that need no escaping anywhere.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return Base64URL.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }
}
