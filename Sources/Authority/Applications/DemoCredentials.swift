public import Profiles

/// The credentials that `--demo` prints: a client with a secret, and the header of the managed identity. They are new
/// with each start.
public struct DemoCredentials: Sendable {
  /// The client that signs in with a secret.
  public let client: ConfidentialClient
  /// What `IDENTITY_HEADER` must be set to.
  public let identityHeader: String
  /// The secret of `client`, to be printed.
  public var clientSecret: String { client.secret }

  /// New credentials for the demo's tenant. They permit reading and writing every person and group in it.
  public init(tenant: TenantID = .demo) {
    client = ConfidentialClient(
      id: "22222222-2222-4222-8222-222222222222", secret: ConstantTimeText.random(), displayName: "Facet demo client",
      tenant: tenant, roles: ["User.ReadWrite.All", "Group.ReadWrite.All"])
    identityHeader = ConstantTimeText.random()
  }
}
