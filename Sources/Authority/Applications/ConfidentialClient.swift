public import Profiles

/// An application that gets tokens with a secret (RFC 6749 section 2.1).
public struct ConfidentialClient: Sendable {
  /// The client id.
  public let id: String
  let secret: String
  /// The name of the application, for people.
  public let displayName: String
  /// The tenant whose tokens it gets.
  public let tenant: TenantID
  /// The application permissions in its tokens.
  public let roles: [String]

  /// A client whose tokens carry `roles`.
  public init(id: String, secret: String, displayName: String, tenant: TenantID, roles: [String]) {
    self.id = id
    self.secret = secret
    self.displayName = displayName
    self.tenant = tenant
    self.roles = roles
  }

  /// Whether `candidate` is the secret. The time it takes reveals nothing about it.
  func hasSecret(_ candidate: String) -> Bool { ConstantTimeText.isEqual(secret, candidate) }
}
