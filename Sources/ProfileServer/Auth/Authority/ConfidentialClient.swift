import Crypto
public import Profiles

/// An application that may get tokens with a secret.
public struct ConfidentialClient: Sendable {
  public let id: String
  let secret: String
  public let displayName: String
  public let tenant: TenantID
  public let roles: [String]

  /// A client; tokens it gets carry `roles`.
  public init(id: String, secret: String, displayName: String, tenant: TenantID, roles: [String]) {
    self.id = id
    self.secret = secret
    self.displayName = displayName
    self.tenant = tenant
    self.roles = roles
  }

  /// Whether `candidate` is the secret; the time it takes tells nothing about it.
  func hasSecret(_ candidate: String) -> Bool { ConstantTimeText.isEqual(secret, candidate) }
}

/// Texts that must not be found out by trying.
enum ConstantTimeText {
  /// Compares digests, which are of one length and are compared in constant time.
  static func isEqual(_ left: String, _ right: String) -> Bool {
    SHA256.hash(data: Array(left.utf8)) == SHA256.hash(data: Array(right.utf8))
  }

  /// A new secret of 256 bits in characters that need no escaping anywhere.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return Base64URL.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }
}

/// What `--demo` prints: a client with a secret and the header of the managed identity, new with each start.
public struct DemoCredentials: Sendable {
  public let client: ConfidentialClient
  /// What `IDENTITY_HEADER` must be set to.
  public let identityHeader: String
  /// The secret of `client`, to be printed.
  public var clientSecret: String { client.secret }

  /// New credentials for the demo's tenant, which may read and write everybody and every group there.
  public init(tenant: TenantID = .demo) {
    client = ConfidentialClient(
      id: "22222222-2222-4222-8222-222222222222", secret: ConstantTimeText.random(), displayName: "Facet demo client",
      tenant: tenant, roles: ["User.ReadWrite.All", "Group.ReadWrite.All"])
    identityHeader = ConstantTimeText.random()
  }
}
