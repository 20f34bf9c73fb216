import Authentication
import OData
import Synchronization

/// The signing keys of the built-in authority: the newest RSA key signs, all of them verify.
///
/// A directory without an RSA key, because it is new or from version 0.1.0, gets one when a signature is first needed
/// or `prepare` is called, whichever comes first: making the key takes too long to delay a start.
public final class OwnIssuer: Sendable {
  private struct State {
    var content: KeyFiles.Content
    /// The making of a key, while it is under way.
    var making: Task<Result<Void, KeyFileError>, Never>?
    /// A key that was made but could not be stored yet. Making another would take as long.
    var unkept: [UInt8]?

    var signing: SigningKey? { content.keys.last { $0.signs } }
  }

  private let files: KeyFiles
  private let state: Mutex<State>
  private let signatures: SignatureQueue

  private init(files: KeyFiles, content: KeyFiles.Content, signatures: SignatureQueue) {
    self.files = files
    self.signatures = signatures
    state = Mutex(State(content: content))
  }

  /// Reads the keys of `directory`, which is made on first use.
  ///
  /// `publish` makes a new key known to all servers that share the keys; without it the keys are those of the directory
  /// alone. Throws `KeyFileError` when the keys cannot be read, or the directory cannot be made or written.
  public static func load(
    directory: String, publish: (@Sendable (_ name: String, _ bytes: [UInt8]) throws(KeyFileError) -> Void)? = nil
  ) async throws(KeyFileError) -> OwnIssuer {
    try await load(KeyFiles(directory: directory, publish: publish), signatures: .serial())
  }

  static func load(_ files: KeyFiles, signatures: SignatureQueue) async throws(KeyFileError) -> OwnIssuer {
    let content = try await files.read()
    if !content.keys.contains(where: \.signs) {
      try await PrivateFiles.offPool { () throws(KeyFileError) in try files.prepareDirectory() }
    }
    return OwnIssuer(files: files, content: content, signatures: signatures)
  }

  // MARK: Signing

  /// Signs a token. Waits for the key on first use, and for the thread that signs. Throws `SigningFailure` when too
  /// many wait or there is no key.
  public func sign(_ specification: TokenSpecification) async throws(SigningFailure) -> String {
    let key: SigningKey
    do throws(KeyFileError) { key = try await signingKey() } catch { throw .noKey(error) }
    return try await signatures.signed(specification.claims, by: key)
  }

  /// Ensures that there is a key to sign with. Throws `KeyFileError` when none can be made or stored.
  public func prepare() async throws(KeyFileError) { _ = try await signingKey() }

  private func signingKey() async throws(KeyFileError) -> SigningKey {
    if let key = state.withLock(\.signing) { return key }
    try await make()
    guard let key = state.withLock(\.signing) else { throw .noKeys(directory: files.directory) }
    return key
  }

  /// Makes a key, or waits for the one that is being made.
  private func make() async throws(KeyFileError) {
    let task = state.withLock { state in
      if let running = state.making { return running }
      let task = Task { await self.result { () async throws(KeyFileError) in try await self.makeKey() } }
      state.making = task
      return task
    }
    try await task.value.get()
  }

  private func result(
    of work: @Sendable () async throws(KeyFileError) -> Void
  ) async -> Result<Void, KeyFileError> {
    let result: Result<Void, KeyFileError>
    do throws(KeyFileError) { result = .success(try await work()) } catch { result = .failure(error) }
    state.withLock { $0.making = nil }
    return result
  }

  private func makeKey() async throws(KeyFileError) {
    // Another process may have been faster, while this one started.
    try await reload()
    let (signing, number, unkept) = state.withLock { ($0.signing, $0.content.nextNumber, $0.unkept) }
    guard signing == nil else { return }
    let bytes = try await PrivateFiles.offPool { () throws(KeyFileError) in
      if let unkept { return unkept }
      return try SigningKeyMaker.newKey()
    }
    state.withLock { $0.unkept = bytes }
    try await PrivateFiles.offPool { [files] () throws(KeyFileError) in try files.add(bytes, number: number) }
    try await reload()
    state.withLock { $0.unkept = nil }
  }

  // MARK: Keys

  /// Makes a new key, which signs from now on. Tokens of older keys stay valid as long as their files exist. Throws
  /// `KeyFileError` when the key cannot be stored.
  public func rotate() async throws(KeyFileError) {
    try await reload()
    let number = state.withLock(\.content.nextNumber)
    try await PrivateFiles.offPool { [files] () throws(KeyFileError) in
      try files.add(SigningKeyMaker.newKey(), number: number)
    }
    try await reload()
  }

  /// Reads the directory again, for keys that were added or removed. Throws `KeyFileError` when they cannot be read.
  /// Call `TokenVerifier.keysDidChange()` afterwards.
  public func reload() async throws(KeyFileError) {
    let fresh = try await files.read()
    state.withLock { $0.content = fresh }
  }

  /// The verification key with this id; nil when there is none.
  func key(_ keyID: BytewiseString) -> VerificationKey? {
    state.withLock { $0.content.keys.first { $0.verification.keyID == keyID }?.verification }
  }

  /// Whether there is no key to sign with yet: see `prepare`.
  var lacksKeys: Bool { state.withLock { $0.signing == nil } }

  /// The public RSA keys as a key set (RFC 7517 section 5) for tokens of `issuer`. Throws `KeyFileError` when there is
  /// no key and none can be made.
  public func keySet(issuer: String) async throws(KeyFileError) -> [UInt8] {
    try await prepare()
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("keys")
    writer.beginArray()
    for key in state.withLock(\.content.keys) { key.writeJWK(&writer, issuer: issuer) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
