import Crypto

/// Digests of rows of texts (SHA-256).
enum Digest {
  /// The digest of parts, each with its length, so that no two rows of parts look alike.
  static func of(_ parts: [[UInt8]]) -> [UInt8] {
    var hash = SHA256()
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: part)
    }
    return Array(hash.finalize())
  }
}
