public import OData
public import Profiles

/// What a new token of the built-in authority says.
public struct TokenSpecification: Sendable {
  /// The subject of the token (`sub`, RFC 7519 section 4.1.2).
  public enum Subject: Sendable {
    /// A person through an application.
    case user(
      UserID, principalName: String?, displayName: String?, applicationID: String, scopes: [String],
      isAdministrator: Bool)
    /// An application on its own.
    case application(id: String, name: String?, roles: [String])
  }

  /// Whom the token speaks for.
  public let subject: Subject
  /// The tenant of the subject (`tid`).
  public let tenant: TenantID
  /// The part of the issuer's name (`iss`) before the tenant.
  public let base: String
  /// When it is issued (`iat`), in seconds since 1970.
  public let issuedAt: Int64
  /// How long it is valid, in seconds.
  public let lifeSeconds: Int
  /// The id of the token itself (`uti`).
  public let tokenID: String

  /// A specification; nil when `lifeSeconds` is not between 1 and `Limits.issuedTokenSecondsMax`.
  public init?(
    subject: Subject, tenant: TenantID, issuedAt: Int64, tokenID: String,
    base: String = AuthorityAddresses.defaultBase,
    lifeSeconds: Int = Limits.issuedTokenSecondsDefault
  ) {
    guard (1...Limits.issuedTokenSecondsMax).contains(lifeSeconds) else { return nil }
    self.subject = subject
    self.tenant = tenant
    self.base = base
    self.issuedAt = issuedAt
    self.lifeSeconds = lifeSeconds
    self.tokenID = tokenID
  }

  /// The claims of a token of version 2.0, as JSON.
  var claims: [UInt8] {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writer.member("aud", AuthorityAddresses.graphAudience)
    writer.member("iss", AuthorityAddresses.issuer(of: tenant.text, base: base))
    for name in ["iat", "nbf"] { writer.member(name, issuedAt) }
    writer.member("exp", issuedAt + Int64(lifeSeconds))
    writer.member("tid", tenant.text)
    writer.member("uti", tokenID)
    writer.member("ver", "2.0")
    writeSubject(&writer)
    writer.endObject()
    return writer.bytes
  }

  private func writeSubject(_ writer: inout JSONWriter) {
    switch subject {
    case .user(let id, let principalName, let displayName, let applicationID, let scopes, let isAdministrator):
      for name in ["oid", "sub"] { writer.member(name, id.text) }
      writer.member("azp", applicationID)
      if let displayName { writer.member("name", displayName) }
      if let principalName { writer.member("preferred_username", principalName) }
      writer.member("scp", scopes.joined(separator: " "))
      if isAdministrator { writer.member("wids", ["62e90394-69f5-4237-9190-012177145e10"]) }
    case .application(let id, let name, let roles):
      for claim in ["oid", "sub", "azp"] { writer.member(claim, id) }
      if let name { writer.member("app_displayname", name) }
      writer.member("idtyp", "app")
      writer.member("roles", roles)
    }
  }
}
