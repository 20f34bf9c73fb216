import Authentication
public import Authority
import Crypto

/// Seals page tokens (AES-256-GCM). A position in a list contains personal data, so clients must be able neither to
/// read nor to forge one.
public struct PageTokenCipher: Sendable {
  private let key: SymmetricKey

  /// A cipher with a random key, for the life of the process.
  public init() { key = SymmetricKey(size: .bits256) }

  private init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  private static let bytesCount = 32

  /// The cipher with the key in the file at `path`, which is created on first use, so that links survive a restart.
  /// Throws `KeyFileError` when the file cannot be read or written, or holds no key.
  public static func load(path: String) async throws(KeyFileError) -> PageTokenCipher {
    let bytes = try await PrivateFiles.offPool { () throws(KeyFileError) -> [UInt8] in
      if let bytes = try PrivateFiles.readIfPresent(path, isSecret: true) { return bytes }
      let fresh = (0..<bytesCount).map { _ in UInt8.random(in: .min ... .max) }
      // If another process created the file meanwhile, its key is used.
      if try PrivateFiles.write(fresh, to: path, mode: 0o600, existing: .keep) { return fresh }
      return try PrivateFiles.readIfPresent(path, isSecret: true) ?? []
    }
    guard bytes.count == bytesCount else { throw .broken(path: path) }
    return PageTokenCipher(bytes)
  }

  /// Seals `plain` so that it opens only with the same `binding`; nil when that fails.
  func seal(_ plain: [UInt8], binding: [UInt8]) -> String? {
    guard let box = try? AES.GCM.seal(plain, using: key, authenticating: binding), let bytes = box.combined else {
      return nil
    }
    return Base64URL.encode(Array(bytes))
  }

  /// The SHA-256 digest of `parts`, each with its length, so that different parts never give the same input.
  static func digest(_ parts: [[UInt8]]) -> [UInt8] {
    var hash = SHA256()
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: part)
    }
    return Array(hash.finalize())
  }

  /// A keyed digest of `parts` (HMAC-SHA256). Without the key, short texts cannot be guessed by trying.
  func keyedDigest(_ parts: [[UInt8]]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Self.digest(parts), using: key))
  }

  /// The content of a token that was sealed with this binding; nil for anything else.
  func open(_ token: String, binding: [UInt8]) -> [UInt8]? {
    guard let bytes = Base64URL.decode(Array(token.utf8)), let box = try? AES.GCM.SealedBox(combined: bytes) else {
      return nil
    }
    return (try? AES.GCM.open(box, using: key, authenticating: binding)).map { Array($0) }
  }
}
