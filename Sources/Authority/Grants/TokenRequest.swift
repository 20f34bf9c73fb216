/// The parameters of a request to the token endpoint (RFC 6749 section 4.4.2). An empty parameter counts as absent.
public struct TokenRequest: Sendable {
  /// Client credentials that came in the `Authorization` header field instead of the body (RFC 6749 section 2.3.1).
  public enum HeaderCredentials: Sendable {
    /// The field has another scheme, or cannot be decoded.
    case unreadable
    /// The id and the secret of a client.
    case client(id: String, secret: String)
  }

  /// The first segment of the path.
  public var tenant: String
  /// `grant_type`.
  public var grantType: String?
  /// `scope`.
  public var scope: String?
  /// `client_id`.
  public var clientID: String?
  /// `client_secret`.
  public var clientSecret: String?
  /// The credentials in the header; nil when the request has no such field.
  public var headerCredentials: HeaderCredentials?

  /// A request with these parameters.
  public init(
    tenant: String, grantType: String?, scope: String?, clientID: String?, clientSecret: String?,
    headerCredentials: HeaderCredentials?
  ) {
    self.tenant = tenant
    self.grantType = grantType
    self.scope = scope
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.headerCredentials = headerCredentials
  }
}

extension TokenAuthority {
  /// Decides on a token request. Throws `GrantRefusal` when the client gets no token.
  public func token(for request: TokenRequest) async throws(GrantRefusal) -> IssuedToken {
    guard let grant = request.grantType else { throw .missingParameter("grant_type") }
    guard grant == "client_credentials" else { throw .unsupportedGrant }
    return try await clientCredentials(request)
  }

  /// The client credentials grant (RFC 6749 section 4.4).
  private func clientCredentials(_ request: TokenRequest) async throws(GrantRefusal) -> IssuedToken {
    let client = try authenticatedClient(request)
    guard TenantSegment(request.tenant) == .tenant(client.tenant) else { throw .unknownTenant }
    guard let scope = request.scope else { throw .missingParameter("scope") }
    guard isOwnScope(scope) else { throw .wrongScope }
    return try await accessToken(for: client)
  }

  /// The client whose id and secret the request carries (RFC 6749 section 2.3.1).
  private func authenticatedClient(_ request: TokenRequest) throws(GrantRefusal) -> ConfidentialClient {
    let usesBasic = request.headerCredentials != nil
    guard !usesBasic || request.clientSecret == nil else { throw .twoAuthentications }
    guard usesBasic || request.clientID != nil else { throw .missingParameter("client_id") }
    var (id, secret) = (request.clientID ?? "", request.clientSecret ?? "")
    if case .client(let headerID, let headerSecret) = request.headerCredentials {
      (id, secret) = (headerID, headerSecret)
    }
    // An unknown id costs a comparison too, so that time does not reveal which ids exist.
    let known = clients.first { $0.id.lowercased() == id.lowercased() }
    let isRight = known?.hasSecret(secret) ?? ConstantTimeText.isEqual(id, secret + "-")
    guard let known, isRight, !secret.isEmpty else { throw .wrongClient(usedBasic: usesBasic) }
    return known
  }

  /// Whether the scope asks for exactly one resource, which is this server. The OpenID scopes that MSAL adds are
  /// ignored.
  private func isOwnScope(_ scope: String) -> Bool {
    let openID: Set<Substring> = ["openid", "profile", "offline_access", "email"]
    let scopes = scope.split(separator: " ").filter { !openID.contains($0) }
    let suffix = "/.default"
    guard scopes.count == 1, let only = scopes.first, only.hasSuffix(suffix) else { return false }
    return isOwnResource(String(only.dropLast(suffix.count)))
  }
}
