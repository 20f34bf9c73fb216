import OData

/// Why a bearer token is not accepted (RFC 6750 section 3.1). Messages may show names of claims, never their values.
public enum TokenRefusal: Error, Hashable, Sendable {
  /// The request has no bearer token.
  case missing
  /// The token is not a signed JSON Web Token in the compact form (RFC 7515 section 3.1).
  case malformed
  /// The token is longer than `Limits.tokenBytesMax`.
  case tooLong
  /// `alg` is not one of the accepted ones, or not the one of the key.
  case unsupportedAlgorithm
  /// The header lists extensions in `crit` (RFC 7515 section 4.1.11).
  case criticalExtension
  /// `iss` is no issuer that this server trusts.
  case unknownIssuer
  /// `kid` is absent, or is no key that the issuer publishes.
  case unknownKey
  /// The issuer's keys have never been fetched successfully.
  case keysUnavailable
  /// The signature is not one by the key that the header names.
  case badSignature
  /// `aud` does not name this server.
  case wrongAudience
  /// `exp` has passed.
  case expired
  /// `nbf` or `iat` is in the future.
  case notYetValid
  /// The issuer may not speak for the token's tenant.
  case tenantNotAllowed
  /// The server has no such tenant.
  case unknownTenant
  /// The account of the token's person is disabled.
  case accountDisabled
  /// The claim of this name is absent.
  case missingClaim(String)
  /// The claim of this name has a value that cannot be used.
  case invalidClaim(String)

  /// A sentence for people: what was wrong and what to do.
  public var message: String {
    switch self {
    case .missing:
      "Access token is empty. Send it in 'Authorization: Bearer <token>'; an SDK leaves it out when this host is "
        + "not among its allowed hosts."
    case .malformed:
      "The access token is not a well-formed signed JSON Web Token. Send the token as it was issued, with its "
        + "three parts and no quotes."
    case .tooLong: "The access token is longer than \(Limits.tokenBytesMax) bytes. Ask for one with fewer claims."
    case .unsupportedAlgorithm:
      "The access token's 'alg' must be RS256 or ES256 and the algorithm of the key that it names. Ask its issuer "
        + "for a token signed so."
    case .criticalExtension:
      "The access token demands extensions in 'crit', and this server knows none. Ask its issuer for a plain token."
    case .unknownIssuer:
      "The access token comes from an issuer that this server does not trust. Use a token of this server's "
        + "authority, or add its issuer to the file of --issuers."
    case .unknownKey:
      "The access token names no signing key that its issuer publishes. Ask the issuer for a new token."
    case .keysUnavailable:
      "The keys of the access token's issuer could not be fetched, so the token cannot be checked. Try again "
        + "later; the server's log says what failed."
    case .badSignature:
      "The access token's signature is not valid. Send the token unchanged, or ask for a new one."
    case .wrongAudience:
      "Access token validation failure. Invalid audience: ask for a token for https://graph.microsoft.com or for "
        + "an audience that this server is configured with."
    case .expired: "Lifetime validation failed, the token is expired. Ask for a new one."
    case .notYetValid: "The access token is not valid yet. Compare the clocks of the issuer and of this server."
    case .tenantNotAllowed:
      "The access token's issuer may not speak for the token's tenant. Sign in to another tenant, or add it in "
        + "the file of --issuers."
    case .unknownTenant:
      "The access token's tenant is none of this server's. Sign in to another one, or add it with 'facet tenant add'."
    case .accountDisabled:
      "The account of the access token's person is disabled ('accountEnabled' is false). An administrator can enable it."
    case .missingClaim(let name): "The access token has no claim '\(name)'. Ask its issuer to include it."
    case .invalidClaim(let name):
      "The access token's claim '\(name)' has a value that cannot be used. Ask its issuer to correct it."
    }
  }
}
