public import Logging
import OData
public import Profiles
import Synchronization

/// Verifies bearer tokens of the built-in authority and of external issuers (RFC 7519 section 7.2, RFC 8725 section 3).
///
/// Each issuer has a key set of its own, chosen by `iss` and never shared with another. `verify` neither waits nor does
/// I/O.
public final class TokenVerifier: Sendable {
  private let own: any BuiltInIssuer
  private let external: [IssuerName: IssuerKeys]
  private let fetcher: KeyFetcher
  private let clock: @Sendable () -> Int64
  private let logger: Logger
  private let keyGeneration = Atomic<UInt64>(1)

  /// A verifier for tokens of the built-in issuer `own` and of `issuers`; `clock` gives the time in seconds since 1970.
  public convenience init(
    own: any BuiltInIssuer, issuers: [ExternalIssuer], clock: @escaping @Sendable () -> Int64, logger: Logger
  ) {
    self.init(own: own, issuers: issuers, fetcher: KeyFetcher(), clock: clock, logger: logger)
  }

  init(
    own: any BuiltInIssuer, issuers: [ExternalIssuer], fetcher: KeyFetcher, clock: @escaping @Sendable () -> Int64,
    logger: Logger
  ) {
    self.own = own
    external = Dictionary(issuers.map { ($0.name, IssuerKeys($0)) }, uniquingKeysWith: { first, _ in first })
    self.fetcher = fetcher
    self.clock = clock
    self.logger = logger
  }

  /// A number that changes whenever keys change. A token that was verified under another number must be verified again.
  var generation: UInt64 { keyGeneration.load(ordering: .acquiring) }

  /// The time by the verifier's clock, in seconds since 1970.
  var now: Int64 { clock() }

  // MARK: Verifying

  /// Verifies the value of an `Authorization` header field; nil means that the request has none.
  func verify(authorization: String?) -> TokenVerdict {
    guard var authorization else { return .refused(.missing) }
    return authorization.withUTF8 { verify(authorization: $0) }
  }

  /// The same for the value's bytes.
  func verify(authorization: UnsafeBufferPointer<UInt8>) -> TokenVerdict {
    guard let range = BearerToken.range(in: authorization) else { return .refused(.missing) }
    return verify(UnsafeBufferPointer(rebasing: authorization[range]))
  }

  /// Verifies a token without its scheme.
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
    // Recognized by key and tenant: only this server has the key, and its address may change while tokens are valid.
    guard let tenant = own.tenant(inIssuer: issuer) else { throw .unknownIssuer }
    guard let key = own.key(token.keyID) else {
      if own.lacksKeys { return .keysNeeded(IssuerName(issuer)) }
      throw own.isOwnIssuer(issuer) ? .unknownKey : .unknownIssuer
    }
    try Self.checkSignature(of: token, key)
    try checkAudience(token.claims) { own.isOwnAudience($0) }
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

  /// Checks `aud` (RFC 7519 section 4.1.3): a string or an array of strings, one of which must name this server.
  private func checkAudience(_ claims: JSONTree, isMeant: (String) -> Bool) throws(TokenRefusal) {
    guard let claim = claims["aud"] else { throw .missingClaim("aud") }
    guard let audiences = claim.text.map({ [$0] }) ?? claim.texts else { throw .invalidClaim("aud") }
    guard audiences.contains(where: isMeant) else { throw .wrongAudience }
  }

  /// The caller that a token speaks for, after fetching the issuer's keys if they are needed. For code off the event
  /// loops.
  public func caller(authorization: String?) async -> Result<Caller, TokenRefusal> {
    var verdict = verify(authorization: authorization)
    if case .keysNeeded(let issuer) = verdict {
      await refreshKeys(of: issuer)
      verdict = verify(authorization: authorization)
    }
    switch verdict {
    case .caller(let caller, _): return .success(caller)
    case .refused(let refusal): return .failure(refusal)
    case .keysNeeded: return .failure(.keysUnavailable)
    }
  }

  // MARK: Keys

  /// Fetches an issuer's keys, or waits for the first key of the built-in one. Concurrent calls share one fetch; a call
  /// within `Limits.keyRefreshSeconds` of the last fetch does nothing.
  ///
  /// It never fails: the cause is logged, and tokens of the issuer are refused as `keysUnavailable` or `unknownKey`.
  public func refreshKeys(of name: IssuerName) async {
    guard let keys = external[name] else { return await prepareOwnKeys() }
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

  private func prepareOwnKeys() async {
    guard let reason = await own.prepareKeys() else { return }
    logger.error("No token of the built-in authority can be verified.", metadata: ["reason": "\(reason)"])
  }

  /// Fetches the keys of every external issuer, so that first requests need not wait. It never fails; causes are
  /// logged.
  public func refreshAllKeys() async {
    await withDiscardingTaskGroup { group in
      for name in external.keys { group.addTask { await self.refreshKeys(of: name) } }
    }
  }

  /// Makes every remembered token be verified again. To be called after the built-in issuer's keys were added or
  /// removed.
  public func keysDidChange() { keyGeneration.wrappingAdd(1, ordering: .acquiringAndReleasing) }
}
