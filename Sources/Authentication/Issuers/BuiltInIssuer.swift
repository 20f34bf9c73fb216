/// The issuer inside this server, as a `TokenVerifier` sees it. Target `Authority` provides it.
///
/// Its keys are in memory, so nothing is fetched. Members are called on any thread and, `prepareKeys` aside, return at
/// once.
public protocol BuiltInIssuer: Sendable {
  /// The tenant in the name of an issuer, `{base}/{tenant}/v2.0`; nil for a name of another form.
  ///
  /// The base does not matter: tokens are recognized by their key, and stay valid when the server's address changes.
  func tenant(inIssuer name: String) -> String?
  /// The verification key with this id; nil when there is none.
  func key(_ keyID: BytewiseString) -> VerificationKey?
  /// Whether the first key is not known yet. Another process of the same directory may have made it by now and signed
  /// with it, so no key is unknown for good before `prepareKeys`.
  var lacksKeys: Bool { get }
  /// Waits for the first key. Returns why there is none; nil when there is one.
  func prepareKeys() async -> String?
  /// Whether `name` would be this issuer's own, so that a token with an unknown key was more likely signed with a key
  /// that has been removed than issued by somebody else.
  func isOwnIssuer(_ name: String) -> Bool
  /// Whether a token with this `aud` value is meant for this server.
  func isOwnAudience(_ audience: String) -> Bool
}
