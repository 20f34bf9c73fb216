import Crypto
import OData
import Synchronization

/// The built-in authority's keys: the newest signs, all of them verify.
///
/// They lie in one directory as `key-0001.pem`, `key-0002.pem` and so on; the highest number is the newest. Other
/// processes, such as `facet token`, sign with the same files.
public final class OwnIssuer: Sendable {
  private let directory: String
  /// In the order of their files; never empty.
  private let keys: Mutex<[SigningKey]>

  private init(directory: String, keys: [SigningKey]) {
    self.directory = directory
    self.keys = Mutex(keys)
  }

  /// Reads the keys of `directory`; on first use directory and key are made.
  public static func load(directory: String) async throws(KeyFileError) -> OwnIssuer {
    try await PrivateFiles.offPool { () throws(KeyFileError) in
      try PrivateFiles.makeDirectory(directory)
      if try numbers(in: directory).isEmpty { try makeKey(1, in: directory) }
    }
    return OwnIssuer(directory: directory, keys: try await readKeys(directory))
  }

  /// Makes a new key, which signs from now on. Tokens of the older keys stay valid while their files are there.
  public func rotate() async throws(KeyFileError) {
    let directory = directory
    try await PrivateFiles.offPool { () throws(KeyFileError) in
      let numbers = try Self.numbers(in: directory)
      guard numbers.count < Limits.keyFilesMax else { throw .tooMany(directory: directory) }
      var number = (numbers.last ?? 0) + 1
      while !(try Self.makeKey(number, in: directory)) { number += 1 }
    }
    try await reload()
  }

  /// Reads the directory again, for keys that were added or removed since.
  public func reload() async throws(KeyFileError) {
    let fresh = try await Self.readKeys(directory)
    keys.withLock { $0 = fresh }
  }

  /// A signed token, or nil when signing fails.
  public func sign(_ order: TokenOrder) -> String? { keys.withLock(\.last)?.sign(order.claims) }

  /// The key of this id.
  func key(_ keyID: ExactText) -> VerificationKey? {
    keys.withLock { $0.first { $0.verification.keyID == keyID }?.verification }
  }

  /// The public keys as a key set (RFC 7517 section 5).
  var keySet: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("keys")
    writer.beginArray()
    for key in keys.withLock({ $0 }) {
      writer.element()
      key.writeJWK(&writer)
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  private static let prefix = "key-"
  private static let suffix = ".pem"

  private static func path(_ number: Int, in directory: String) -> String {
    let digits = String(number)
    return "\(directory)/\(prefix)\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)\(suffix)"
  }

  /// The numbers of the key files, lowest first. Other files are left alone.
  private static func numbers(in directory: String) throws(KeyFileError) -> [Int] {
    let numbers = try PrivateFiles.names(in: directory).compactMap { name -> Int? in
      guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
      guard let number = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), number > 0 else { return nil }
      return path(number, in: directory) == "\(directory)/\(name)" ? number : nil
    }
    guard numbers.count <= Limits.keyFilesMax else { throw .tooMany(directory: directory) }
    return numbers.sorted()
  }

  /// Makes a key file; false when another process was faster, whose key is then used.
  @discardableResult
  private static func makeKey(_ number: Int, in directory: String) throws(KeyFileError) -> Bool {
    let pem = P256.Signing.PrivateKey().pemRepresentation + "\n"
    return try PrivateFiles.write(Array(pem.utf8), to: path(number, in: directory), mode: 0o600, placement: .exclusive)
  }

  private static func readKeys(_ directory: String) async throws(KeyFileError) -> [SigningKey] {
    let files = try await PrivateFiles.offPool { () throws(KeyFileError) in
      var files: [(path: String, text: String)] = []
      for number in try numbers(in: directory) {
        let path = path(number, in: directory)
        let bytes = try PrivateFiles.read(path, bytesMax: Limits.keyFileBytesMax, isSecret: true)
        files.append((path, String(decoding: bytes, as: UTF8.self)))
      }
      return files
    }
    var keys: [SigningKey] = []
    for file in files {
      guard let key = await SigningKey(pem: file.text) else { throw .broken(path: file.path) }
      keys.append(key)
    }
    guard !keys.isEmpty else { throw .noKeys(directory: directory) }
    return keys
  }
}
