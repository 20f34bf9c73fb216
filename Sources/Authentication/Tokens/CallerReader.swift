import OData
import Profiles

/// Reads a caller from claims whose signature, audience and times have been checked.
struct CallerReader {
  let claims: JSONTree
  let names: ClaimNames
  /// The tenant of a token without a tenant claim.
  let tenantWhenAbsent: TenantID?

  /// Global Administrator and User Administrator, by the ids of Entra's role templates.
  private static let administratorRoles: Set<String> = [
    "62e90394-69f5-4237-9190-012177145e10", "fe930be7-5e62-47db-91af-98c3a49a38b1",
  ]

  /// The tenant of the token. Throws `TokenRefusal` when the claim is missing or cannot be used.
  func tenant() throws(TokenRefusal) -> TenantID {
    guard let claim = claims.claim(names.tenant) else {
      guard let tenantWhenAbsent else { throw .missingClaim(names.tenant) }
      return tenantWhenAbsent
    }
    guard let text = claim.text, let tenant = TenantID(text) else { throw .invalidClaim(names.tenant) }
    return tenant
  }

  /// The caller: an application on its own only when the token leaves no doubt about it. Tokens of people, such as
  /// Entra's ID tokens, may also carry roles without scopes, and must never be taken for an application. Throws
  /// `TokenRefusal` when a claim is missing or cannot be used.
  func caller() throws(TokenRefusal) -> Caller {
    let tenant = try tenant()
    let scopes = try words(names.scopes)
    let roles = try list(names.roles)
    let saysApplication = claims["idtyp"]?.text?.lowercased() == "app"
    switch (saysApplication, scopes, roles) {
    case (true, _, _): return application(of: tenant, roles: roles ?? [])
    case (false, let scopes?, _): return try person(of: tenant, scopes: scopes)
    case (false, nil, let roles?) where speaksForItself: return application(of: tenant, roles: roles)
    case (false, nil, _): throw .missingClaim(names.scopes)
    }
  }

  /// Whether the subject is the application itself: Entra then gives `oid` and `sub` the same value, and by RFC 9068
  /// section 2.2 the subject is the client. A token with claims of a sign-in is a person's.
  private var speaksForItself: Bool {
    let hasSignIn = (["nonce", "auth_time", "amr"] + names.principalName).contains { claims.claim($0) != nil }
    guard !hasSignIn, let subject = claims["sub"]?.text else { return false }
    return [claims["oid"]?.text, applicationID].contains {
      $0.map { BytewiseString($0) == BytewiseString(subject) } ?? false
    }
  }

  private func person(of tenant: TenantID, scopes: [String]) throws(TokenRefusal) -> Caller {
    let idName = names.objectID.first { claims.claim($0) != nil }
    guard let idName else { throw .missingClaim(names.objectID.first ?? "oid") }
    guard let text = claims.claim(idName)?.text, let id = UserID(text) else { throw .invalidClaim(idName) }
    return Caller(
      actor: .user(id), tenant: tenant, applicationID: applicationID, applicationName: applicationName,
      displayName: claims.firstText(names.displayName), userPrincipalName: claims.firstText(names.principalName),
      permissions: permissions(scopes), isAdministrator: try isAdministrator())
  }

  private func application(of tenant: TenantID, roles: [String]) -> Caller {
    Caller(
      actor: .application, tenant: tenant, applicationID: applicationID, applicationName: applicationName,
      permissions: permissions(roles))
  }

  /// Entra's tokens of version 1.0 have `appid`, version 2.0 and OpenID Connect `azp`, RFC 9068 `client_id`.
  private var applicationID: String? { claims.firstText(["appid", "azp", "client_id"]) }

  private var applicationName: String? { claims.firstText(["app_displayname"]) }

  private func permissions(_ names: [String]) -> Set<Permission> { Set(names.compactMap { Permission(named: $0) }) }

  private func isAdministrator() throws(TokenRefusal) -> Bool {
    guard let roles = try list("wids") else { return false }
    return roles.contains { Self.administratorRoles.contains($0.lowercased()) }
  }

  /// A claim of words: one string with spaces between them, or an array of strings; nil when absent.
  private func words(_ name: String) throws(TokenRefusal) -> [String]? {
    if let text = claims.claim(name)?.text { return text.split(separator: " ").map(String.init) }
    return try list(name)
  }

  /// A claim that is an array of strings or one string; nil when absent.
  private func list(_ name: String) throws(TokenRefusal) -> [String]? {
    guard let claim = claims.claim(name) else { return nil }
    if let text = claim.text { return [text] }
    guard let texts = claim.texts else { throw .invalidClaim(name) }
    return texts
  }
}

/// The times of a token: seconds since 1970, possibly with a fraction (NumericDate, RFC 7519 section 2).
struct TokenTimes {
  /// The second from which on the token is refused, clock skew included.
  let expires: Int64

  /// Checks `exp`, `nbf` and `iat` against `now`, in seconds since 1970 (RFC 7519 section 4.1). Throws `TokenRefusal`
  /// when the token is not valid at that time, or when a time is missing or no number.
  init(_ claims: JSONTree, now: Int64) throws(TokenRefusal) {
    guard let expiry = try Self.seconds("exp", of: claims) else { throw .missingClaim("exp") }
    let skew = Double(Limits.clockSkewSeconds)
    guard Double(now) < expiry + skew else { throw .expired }
    for name in ["nbf", "iat"] {
      guard let start = try Self.seconds(name, of: claims) else { continue }
      guard Double(now) + skew >= start else { throw .notYetValid }
    }
    expires = Int64(expiry.rounded(.down)) + Int64(Limits.clockSkewSeconds)
  }

  private static func seconds(_ name: String, of claims: JSONTree) throws(TokenRefusal) -> Double? {
    guard let claim = claims[name] else { return nil }
    guard case .number(let value) = claim, abs(value) <= Limits.claimSecondsMax else { throw .invalidClaim(name) }
    return value
  }
}
