import OData
import Profiles

/// The managed identity of the demo: for the protocol of App Service, whoever knows the header may have its token; for that of
/// a machine's metadata service, every program of this machine, as there.
struct ManagedIdentity: Sendable {
  let header: String
  let client: ConfidentialClient

  /// Why an identity that a request asks for is not this one, or nil when it is, or when the request names none.
  ///
  /// The principal of the application has the application's own id. It is no resource of Azure, so that it has no resource id.
  func reasonAgainst(_ query: FormParameters) -> String? {
    for name in ["client_id", "clientid", "object_id", "principal_id"] {
      guard let id = query[name], id.lowercased() != client.id.lowercased() else { continue }
      return "No managed identity has this \(name). Leave it out, or send the client id that the server printed."
    }
    for name in ["mi_res_id", "msi_res_id"] where query[name] != nil {
      return "No managed identity has this \(name). Leave it out, or ask by client_id."
    }
    return nil
  }
}

extension Authority {
  /// The path of `IDENTITY_ENDPOINT`.
  public static let identityPath = "/msi/token"
  /// The path of a machine's metadata service, below `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
  public static let machineIdentityPath = "/metadata/identity/oauth2/token"

  // MARK: App Service

  /// Answers `GET /msi/token`. `header` is the value of `X-IDENTITY-HEADER`, `query` the query as it was sent.
  func managedIdentityToken(query: String, header: String?) async -> AuthorityAnswer {
    guard let managedIdentity else { return Self.refusal(404, "There is no managed identity without --demo.") }
    guard let header, ConstantTimeText.isEqual(header, managedIdentity.header) else {
      return Self.refusal(
        401, "The header X-IDENTITY-HEADER is missing or wrong. Set IDENTITY_HEADER to the value the server printed.")
    }
    let found: IdentityToken
    do throws(ManagedIdentityError) { found = try await identityToken(query, of: managedIdentity) } catch {
      var answer = Self.refusal(error.status, error.message)
      answer.retryAfterSeconds = error.retryAfterSeconds
      return answer
    }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("access_token", found.token)
      writer.member("client_id", managedIdentity.client.id)
      writer.member("expires_on", String(found.expires))
      writer.member("resource", found.resource)
      writer.member("token_type", "Bearer")
    }
  }

  private static func refusal(_ status: Int, _ message: String) -> AuthorityAnswer {
    AuthorityAnswer(status: status) { writer in
      writer.member("statusCode", Int64(status))
      writer.member("message", message)
    }
  }

  // MARK: A machine's metadata service

  /// Answers `GET /metadata/identity/oauth2/token`. `metadata` is the value of `Metadata`, which no page can make a browser
  /// send and no server forwards by accident; `isForwarded` says that a proxy has forwarded the request all the same.
  func machineIdentityToken(query: String, metadata: String?, isForwarded: Bool) async -> AuthorityAnswer {
    guard let managedIdentity else { return Self.refusal(.invalid("There is no managed identity without --demo.")) }
    guard metadata?.lowercased() == "true", !isForwarded else {
      return Self.refusal(.invalid("Send the header 'Metadata: true', and the request without a proxy."))
    }
    let found: IdentityToken
    do throws(ManagedIdentityError) { found = try await identityToken(query, of: managedIdentity) } catch {
      return Self.refusal(error)
    }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("access_token", found.token)
      writer.member("client_id", managedIdentity.client.id)
      writer.member("expires_in", String(found.expires - found.issued))
      writer.member("expires_on", String(found.expires))
      writer.member("ext_expires_in", String(found.expires - found.issued))
      writer.member("not_before", String(found.issued))
      writer.member("resource", found.resource)
      writer.member("token_type", "Bearer")
    }
  }

  /// A refusal as a machine's metadata service writes it.
  static func refusal(_ refusal: ManagedIdentityError) -> AuthorityAnswer {
    var answer = AuthorityAnswer(status: refusal.status) { writer in
      writer.member("error", refusal.code)
      writer.member("error_description", refusal.message)
    }
    answer.retryAfterSeconds = refusal.retryAfterSeconds
    return answer
  }

  // MARK: Both

  private struct IdentityToken {
    let token: String
    let resource: String
    let issued: Int64
    let expires: Int64
  }

  private func identityToken(
    _ query: String, of identity: ManagedIdentity
  ) async throws(ManagedIdentityError) -> IdentityToken {
    guard let query = FormParameters(query.utf8), query["api-version"] != nil, let resource = query["resource"] else {
      throw .invalid("The query must name 'api-version' and 'resource' once each.")
    }
    if let reason = identity.reasonAgainst(query) { throw .invalid(reason) }
    guard isOwnResource(resource) else {
      throw .invalid("The resource is not this server. Ask for https://graph.microsoft.com.")
    }
    let issued = clock()
    do throws(AuthorityRefusal) {
      let (token, expires) = try await accessToken(for: identity.client)
      return IdentityToken(token: token, resource: resource, issued: issued, expires: expires)
    } catch {
      throw .authority(error)
    }
  }
}

/// Why a managed identity gets no token.
enum ManagedIdentityError: Error, Equatable {
  /// The request is wrong, which clients take for "there is no such identity"; with a sentence.
  case invalid(String)
  /// The request may not come from a program of this machine; with a sentence.
  case stranger(String)
  /// The authority cannot issue one.
  case authority(AuthorityRefusal)

  var status: Int {
    switch self {
    case .invalid: 400
    case .stranger: 403
    case .authority(let refusal): refusal.status
    }
  }

  var code: String {
    switch self {
    case .invalid: "invalid_request"
    case .stranger: "access_denied"
    case .authority(let refusal): refusal.code
    }
  }

  var message: String {
    switch self {
    case .invalid(let message), .stranger(let message): message
    case .authority(let refusal): refusal.message
    }
  }

  var retryAfterSeconds: Int? {
    switch self {
    case .invalid, .stranger: nil
    case .authority(let refusal): refusal.retryAfterSeconds
    }
  }
}
