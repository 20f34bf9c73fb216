public import Logging
import OData
import Profiles
import Synchronization

/// What a look at a bearer token gave.
enum TokenVerdict: Sendable {
  /// The token is good until `expires`, in seconds since 1970.
  case caller(Caller, expires: Int64)
  case refused(TokenRefusal)
  /// The issuer's keys must be fetched first: call `refreshKeys(of:)`, then ask again. The second answer is final.
  case keysNeeded(IssuerName)
}

/// Decides whose bearer token a request carries.
///
/// One key set per issuer, chosen by `iss` and never shared. `verify` neither waits nor does I/O.
public final class TokenVerifier: Sendable {
  private let own: OwnIssuer
  private let addresses: AuthorityAddresses
  private let external: [IssuerName: IssuerKeys]
  private let fetcher: KeyFetcher
  private let clock: @Sendable () -> Int64
  private let logger: Logger
  private let keyGeneration = Atomic<UInt64>(1)

  /// A verifier for tokens of the built-in authority and of `issuers`; `clock` gives seconds since 1970.
  public convenience init(
    own: OwnIssuer, addresses: AuthorityAddresses, issuers: [ExternalIssuer],
    clock: @escaping @Sendable () -> Int64, logger: Logger
  ) {
    self.init(
      own: own, addresses: addresses, issuers: issuers, fetcher: KeyFetcher(), clock: clock, logger: logger)
  }

  init(
    own: OwnIssuer, addresses: AuthorityAddresses, issuers: [ExternalIssuer], fetcher: KeyFetcher,
    clock: @escaping @Sendable () -> Int64, logger: Logger
  ) {
    self.own = own
    self.addresses = addresses
    external = Dictionary(issuers.map { ($0.name, IssuerKeys($0)) }, uniquingKeysWith: { first, _ in first })
    self.fetcher = fetcher
    self.clock = clock
    self.logger = logger
  }

  /// A number that changes whenever keys change; what was verified under another one must be verified again.
  var generation: UInt64 { keyGeneration.load(ordering: .acquiring) }

  // MARK: Verifying

  /// Looks at the value of an `Authorization` header field; nil means that there is none.
  func verify(authorization: String?) -> TokenVerdict {
    guard var authorization else { return .refused(.missing) }
    return authorization.withUTF8 { verify(authorization: $0) }
  }

  /// The same for the value's bytes.
  func verify(authorization: UnsafeBufferPointer<UInt8>) -> TokenVerdict {
    guard let range = BearerToken.range(in: authorization) else { return .refused(.missing) }
    return verify(UnsafeBufferPointer(rebasing: authorization[range]))
  }

  /// Looks at a token alone.
  func verify(_ bytes: UnsafeBufferPointer<UInt8>) -> TokenVerdict {
    do throws(TokenRefusal) {
      let token = try CompactToken(bytes)
      guard let name = token.claims["iss"]?.text else { throw .missingClaim("iss") }
      guard let keys = external[IssuerName(name)] else { return try verifyOwn(token, issuer: name) }
      return try verifyExternal(token, keys)
    } catch {
      return .refused(error)
    }
  }

  private func verifyExternal(_ token: CompactToken, _ keys: IssuerKeys) throws(TokenRefusal) -> TokenVerdict {
    let issuer = keys.issuer
    switch keys.lookup(token.keyID, now: clock()) {
    case .refreshNeeded: return .keysNeeded(issuer.name)
    case .unknownKey: throw .unknownKey
    case .unavailable: throw .keysUnavailable
    case .key(let key): try Self.checkSignature(of: token, key)
    }
    try checkAudience(token.claims) { issuer.audiences.contains(BytewiseString($0)) }
    let times = try TokenTimes(token.claims, now: clock())
    let reader = CallerReader(
      claims: token.claims, names: issuer.claimNames, tenantWhenAbsent: issuer.onlyTenant)
    guard issuer.tenants.contains(try reader.tenant()) else { throw .tenantNotAllowed }
    return .caller(try reader.caller(), expires: times.expires)
  }

  private func verifyOwn(_ token: CompactToken, issuer: String) throws(TokenRefusal) -> TokenVerdict {
    // Known by key and tenant: only this server has the key, and its address may change while tokens are valid.
    guard let tenant = AuthorityAddresses.tenant(inIssuer: issuer) else { throw .unknownIssuer }
    guard let key = own.key(token.keyID) else {
      throw addresses.isOwnIssuer(issuer) ? .unknownKey : .unknownIssuer
    }
    try Self.checkSignature(of: token, key)
    try checkAudience(token.claims) { addresses.isOwnAudience($0) }
    let times = try TokenTimes(token.claims, now: clock())
    guard let claimed = token.claims["tid"]?.text else { throw .missingClaim("tid") }
    guard BytewiseString(claimed) == BytewiseString(tenant) else { throw .tenantNotAllowed }
    let reader = CallerReader(claims: token.claims, names: .entra, tenantWhenAbsent: nil)
    return .caller(try reader.caller(), expires: times.expires)
  }

  private static func checkSignature(of token: CompactToken, _ key: VerificationKey) throws(TokenRefusal) {
    guard token.algorithm == key.algorithm else { throw .unsupportedAlgorithm }
    guard key.isValid(token.signature, over: token.signedBytes) else { throw .badSignature }
  }

  /// RFC 7519 section 4.1.3: `aud` is one string or an array of them; one of them must mean this server.
  private func checkAudience(_ claims: JSONTree, isMeant: (String) -> Bool) throws(TokenRefusal) {
    guard let claim = claims["aud"] else { throw .missingClaim("aud") }
    guard let audiences = claim.text.map({ [$0] }) ?? claim.texts else { throw .invalidClaim("aud") }
    guard audiences.contains(where: isMeant) else { throw .wrongAudience }
  }

  // MARK: Keys

  /// Fetches an issuer's keys; calls at the same time share one fetch, and a call too early after one does nothing.
  ///
  /// It never fails: what went wrong is logged, and the next look at the token refuses it with a sentence.
  func refreshKeys(of name: IssuerName) async {
    guard let keys = external[name] else { return }
    let fetcher = fetcher
    await keys.refresh(clock: clock) { issuer in
      do throws(KeyFetchError) { return .success(try await fetcher.keys(of: issuer)) } catch { return .failure(error) }
    } finish: { [self] result in
      switch result {
      case .success(let isChanged): if isChanged { keysDidChange() }
      case .failure(let error):
        logger.warning("Keys of an issuer could not be fetched: \(error.message)", metadata: ["issuer": "\(name.text)"])
      }
    }
  }

  /// Fetches the keys of every external issuer, so that first requests need not wait. It never fails.
  public func refreshAllKeys() async {
    await withDiscardingTaskGroup { group in
      for name in external.keys { group.addTask { await self.refreshKeys(of: name) } }
    }
  }

  /// Reads the built-in authority's keys again, after a rotation.
  public func reloadOwnKeys() async throws(KeyFileError) {
    try await own.reload()
    keysDidChange()
  }

  private func keysDidChange() { keyGeneration.wrappingAdd(1, ordering: .acquiringAndReleasing) }
}
