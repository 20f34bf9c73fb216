import Authentication
public import Authority
import Crypto

/// The secret under which links to further pages are sealed. Places in a list are made of people's values, so a link must
/// be neither readable nor made by anybody else.
public struct PageTokenCipher: Sendable {
  private let key: SymmetricKey

  /// A key that lives as long as the process.
  public init() { key = SymmetricKey(size: .bits256) }

  private init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  private static let bytesCount = 32

  /// The key in the file at `path`; on first use it is made, so that links outlive a restart.
  public static func load(path: String) async throws(KeyFileError) -> PageTokenCipher {
    let bytes = try await PrivateFiles.offPool { () throws(KeyFileError) -> [UInt8] in
      if let bytes = try PrivateFiles.readIfPresent(path, isSecret: true) { return bytes }
      let fresh = (0..<bytesCount).map { _ in UInt8.random(in: .min ... .max) }
      // Whoever was first wins, so that two processes agree.
      if try PrivateFiles.write(fresh, to: path, mode: 0o600, existing: .keep) { return fresh }
      return try PrivateFiles.readIfPresent(path, isSecret: true) ?? []
    }
    guard bytes.count == bytesCount else { throw .broken(path: path) }
    return PageTokenCipher(bytes)
  }

  /// Seals `plain` so that it opens with the same `binding` alone (AES-256-GCM); nil when that fails.
  func seal(_ plain: [UInt8], binding: [UInt8]) -> String? {
    guard let box = try? AES.GCM.seal(plain, using: key, authenticating: binding), let bytes = box.combined else {
      return nil
    }
    return Base64URL.encode(Array(bytes))
  }

  /// A digest of a row of parts that nobody without the key can make, so that nobody can find short texts by trying.
  func digest(_ parts: [[UInt8]]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Digest.of(parts), using: key))
  }

  /// What was sealed with this binding; nil for anything else.
  func open(_ token: String, binding: [UInt8]) -> [UInt8]? {
    guard let bytes = Base64URL.decode(Array(token.utf8)), let box = try? AES.GCM.SealedBox(combined: bytes) else {
      return nil
    }
    return (try? AES.GCM.open(box, using: key, authenticating: binding)).map { Array($0) }
  }
}
