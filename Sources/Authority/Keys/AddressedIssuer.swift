public import Authentication
public import Logging

/// The built-in issuer as a `TokenVerifier` sees it: its keys, and the addresses that its tokens name.
struct AddressedIssuer: BuiltInIssuer {
  let own: OwnIssuer
  let addresses: AuthorityAddresses

  func tenant(inIssuer name: String) -> String? { AuthorityAddresses.tenant(inIssuer: name) }

  func key(_ keyID: BytewiseString) -> VerificationKey? { own.key(keyID) }

  var lacksKeys: Bool { own.lacksKeys }

  func prepareKeys() async -> String? {
    do throws(KeyFileError) { try await own.prepare() } catch { return error.message }
    return nil
  }

  func isOwnIssuer(_ name: String) -> Bool { addresses.isOwnIssuer(name) }

  func isOwnAudience(_ audience: String) -> Bool { addresses.isOwnAudience(audience) }
}

extension TokenVerifier {
  /// A verifier for tokens of the built-in authority with the keys of `own` at `addresses`, and of external `issuers`;
  /// `clock` gives the time in seconds since 1970.
  public convenience init(
    own: OwnIssuer, addresses: AuthorityAddresses, issuers: [ExternalIssuer],
    clock: @escaping @Sendable () -> Int64, logger: Logger
  ) {
    self.init(own: AddressedIssuer(own: own, addresses: addresses), issuers: issuers, clock: clock, logger: logger)
  }
}
