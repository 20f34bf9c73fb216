import OData
import Profiles

/// The managed identity of the demo, with the protocol of App Service: whoever knows the header may have its token.
struct ManagedIdentity: Sendable {
  let header: String
  let client: ConfidentialClient
}

extension Authority {
  /// The path of `IDENTITY_ENDPOINT`.
  public static let identityPath = "/msi/token"

  /// Answers `GET /msi/token`. `header` is the value of `X-IDENTITY-HEADER`, `query` the query as it was sent.
  func managedIdentityToken(query: String, header: String?, host: String?) -> AuthorityAnswer {
    guard let managedIdentity else { return Self.refusal(404, "There is no managed identity without --demo.") }
    guard let header, SecretText.isEqual(header, managedIdentity.header) else {
      return Self.refusal(
        401, "The header X-IDENTITY-HEADER is missing or wrong. Set IDENTITY_HEADER to the value the server printed.")
    }
    guard let query = FormParameters(query.utf8), query["api-version"] != nil, let resource = query["resource"] else {
      return Self.refusal(400, "The query must name 'api-version' and 'resource' once each.")
    }
    let client = managedIdentity.client
    guard query["client_id"].map({ $0.lowercased() == client.id.lowercased() }) ?? true else {
      return Self.refusal(400, "No managed identity has this client_id. Leave it out.")
    }
    guard let audience = addresses.audience(forResource: resource) else {
      return Self.refusal(400, "The resource is not this server. Ask for https://graph.microsoft.com.")
    }
    guard let token = try? accessToken(for: client, audience: audience, host: host) else {
      return Self.refusal(500, AuthorityRefusal.signingFailed.message)
    }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("access_token", token.text)
      writer.member("client_id", client.id)
      writer.member("expires_on", String(token.expires))
      writer.member("resource", resource)
      writer.member("token_type", "Bearer")
    }
  }

  private static func refusal(_ status: Int, _ message: String) -> AuthorityAnswer {
    AuthorityAnswer(status: status) { writer in
      writer.member("statusCode", Int64(status))
      writer.member("message", message)
    }
  }
}
