import OData

/// The built-in token authority: it decides which client gets a token, and has it signed. It knows no HTTP.
public struct TokenAuthority: Sendable {
  /// The keys that sign.
  public let issuer: OwnIssuer
  /// Where clients find the authority.
  public let addresses: AuthorityAddresses
  /// The applications with a secret; without `--demo` there is none.
  let clients: [ConfidentialClient]
  /// The managed identity of a demo; nil without `--demo`.
  public let managedIdentity: ManagedIdentity?
  /// The time in seconds since 1970.
  public let clock: @Sendable () -> Int64
  /// Makes a new GUID in lower case.
  public let makeID: @Sendable () -> String

  /// The cloud that this authority stands for. Libraries made for Entra look for it in the key set and in discovery.
  public static let cloudName = "microsoftonline.com"

  /// An authority whose tokens `issuer` signs. With `demo` its client and its managed identity are active. `clock`
  /// gives the time in seconds since 1970, `makeID` a new GUID in lower case.
  public init(
    issuer: OwnIssuer, addresses: AuthorityAddresses, demo: DemoCredentials?,
    clock: @escaping @Sendable () -> Int64, makeID: @escaping @Sendable () -> String
  ) {
    self.issuer = issuer
    self.addresses = addresses
    clients = demo.map { [$0.client] } ?? []
    managedIdentity = demo.map { ManagedIdentity(header: $0.identityHeader, client: $0.client) }
    self.clock = clock
    self.makeID = makeID
  }

  /// Whether this is the authority of a demo.
  public var isDemo: Bool { managedIdentity != nil }

  /// Issues an app-only token for `client`. Throws `GrantRefusal` when it cannot be signed.
  func accessToken(for client: ConfidentialClient) async throws(GrantRefusal) -> IssuedToken {
    let now = clock()
    let specification = TokenSpecification(
      subject: .application(id: client.id, name: client.displayName, roles: client.roles), tenant: client.tenant,
      issuedAt: now, tokenID: makeID(), base: addresses.base)
    guard let specification else { throw .signingFailed }
    do throws(SigningFailure) {
      return IssuedToken(text: try await issuer.sign(specification), expires: now + Int64(specification.lifeSeconds))
    } catch {
      throw GrantRefusal(error)
    }
  }

  /// Whether `resource` names this server. In a demo azure-cli also knows it as a resource manager.
  func isOwnResource(_ resource: String) -> Bool {
    guard isDemo, resource.hasSuffix(Self.resourceManagerSuffix) else { return addresses.isOwnResource(resource) }
    return addresses.isOwnAudience(String(resource.dropLast(Self.resourceManagerSuffix.count)))
  }

  private static let resourceManagerSuffix = "/arm"
}

/// A token that the authority issued.
public struct IssuedToken: Sendable {
  /// The token in compact serialization.
  public let text: String
  /// When it expires, in seconds since 1970.
  public let expires: Int64
}
