public import Authority
import OData

extension AuthorityRoutes {
  // MARK: App Service

  /// Answers `GET /msi/token`. `header` is the value of `X-IDENTITY-HEADER`, `query` the query as it was sent.
  func managedIdentityToken(query: String, header: String?) async -> AuthorityAnswer {
    guard let identity = authority.managedIdentity else {
      return Self.appServiceRefusal(404, "There is no managed identity without --demo.")
    }
    guard let header, identity.hasHeader(header) else {
      return Self.appServiceRefusal(
        401, "The header X-IDENTITY-HEADER is missing or wrong. Set IDENTITY_HEADER to the value the server printed.")
    }
    let token: TokenAuthority.IdentityToken
    do throws(ManagedIdentityError) { token = try await identityToken(query, of: identity) } catch {
      var answer = Self.appServiceRefusal(error.status, error.message)
      answer.retryAfterSeconds = error.retryAfterSeconds
      return answer
    }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("access_token", token.text)
      writer.member("client_id", identity.client.id)
      writer.member("expires_on", String(token.expires))
      writer.member("resource", token.resource)
      writer.member("token_type", "Bearer")
    }
  }

  /// A refusal in the form of App Service.
  private static func appServiceRefusal(_ status: Int, _ message: String) -> AuthorityAnswer {
    AuthorityAnswer(status: status) { writer in
      writer.member("statusCode", Int64(status))
      writer.member("message", message)
    }
  }

  // MARK: A machine's metadata service

  /// Answers `GET /metadata/identity/oauth2/token`. `metadata` is the value of `Metadata`, a field that no page can
  /// make a browser send and no server forwards by accident; `isForwarded` says that a proxy forwarded the request all
  /// the same.
  func machineIdentityToken(query: String, metadata: String?, isForwarded: Bool) async -> AuthorityAnswer {
    guard let identity = authority.managedIdentity else {
      return Self.machineRefusal(.invalid("There is no managed identity without --demo."))
    }
    guard metadata?.lowercased() == "true", !isForwarded else {
      return Self.machineRefusal(.invalid("Send the header 'Metadata: true', and the request without a proxy."))
    }
    let token: TokenAuthority.IdentityToken
    do throws(ManagedIdentityError) { token = try await identityToken(query, of: identity) } catch {
      return Self.machineRefusal(error)
    }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("access_token", token.text)
      writer.member("client_id", identity.client.id)
      writer.member("expires_in", String(token.expires - token.issued))
      writer.member("expires_on", String(token.expires))
      writer.member("ext_expires_in", String(token.expires - token.issued))
      writer.member("not_before", String(token.issued))
      writer.member("resource", token.resource)
      writer.member("token_type", "Bearer")
    }
  }

  /// A refusal in the form of a machine's metadata service.
  static func machineRefusal(_ refusal: ManagedIdentityError) -> AuthorityAnswer {
    var answer = AuthorityAnswer(status: refusal.status) { writer in
      writer.member("error", refusal.code)
      writer.member("error_description", refusal.message)
    }
    answer.retryAfterSeconds = refusal.retryAfterSeconds
    return answer
  }

  // MARK: Both

  private func identityToken(
    _ query: String, of identity: ManagedIdentity
  ) async throws(ManagedIdentityError) -> TokenAuthority.IdentityToken {
    let parameters = FormParameters(query.utf8)
    return try await authority.identityToken(of: identity) { parameters?[$0] }
  }
}

extension ManagedIdentity {
  /// The path of `IDENTITY_ENDPOINT`, where App Service gives tokens of managed identities.
  public static let appServicePath = "/msi/token"
  /// The path of a machine's metadata service, below `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
  static let machinePath = "/metadata/identity/oauth2/token"
}

extension ManagedIdentityError {
  /// The HTTP status.
  var status: Int {
    switch self {
    case .invalid: 400
    case .stranger: 403
    case .grant(let refusal): refusal.status
    }
  }

  /// After how many seconds the same request may succeed; nil when it will not.
  var retryAfterSeconds: Int? {
    switch self {
    case .invalid, .stranger: nil
    case .grant(let refusal): refusal.retryAfterSeconds
    }
  }
}
