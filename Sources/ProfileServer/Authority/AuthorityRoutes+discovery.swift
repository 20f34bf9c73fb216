import Authentication
import Authority
import OData

extension AuthorityRoutes {
  /// `GET /{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 section 3).
  func configuration(tenant: String) -> AuthorityAnswer {
    guard let segment = TenantSegment(tenant) else { return refusal(.grant(.unknownTenant), correlationID: nil) }
    let base = "\(authority.addresses.base)/\(segment.text)"
    return AuthorityAnswer(status: 200) { writer in
      writer.member("token_endpoint", "\(base)/oauth2/v2.0/token")
      writer.member("token_endpoint_auth_methods_supported", ["client_secret_post", "client_secret_basic"])
      writer.member("jwks_uri", "\(base)/discovery/v2.0/keys")
      writer.member("response_modes_supported", ["query"])
      writer.member("subject_types_supported", ["public"])
      writer.member("id_token_signing_alg_values_supported", [SignatureAlgorithm.rs256.rawValue])
      writer.member("response_types_supported", ["code"])
      writer.member("grant_types_supported", ["client_credentials"])
      writer.member("scopes_supported", ["openid"])
      writer.member("issuer", issuerName(of: segment))
      writer.member("authorization_endpoint", "\(base)/oauth2/v2.0/authorize")
      writer.member("claims_supported", ["sub", "iss", "aud", "exp", "iat", "tid", "oid", "azp", "ver"])
      writer.member("cloud_instance_name", TokenAuthority.cloudName)
    }
  }

  /// `GET /{tenant}/discovery/v2.0/keys` (RFC 7517 section 5): every tenant has the same keys.
  func keys(tenant: String) async -> AuthorityAnswer {
    guard let segment = TenantSegment(tenant) else { return refusal(.grant(.unknownTenant), correlationID: nil) }
    do throws(KeyFileError) {
      return AuthorityAnswer(status: 200, document: try await authority.issuer.keySet(issuer: issuerName(of: segment)))
    } catch {
      return refusal(.grant(GrantRefusal(.noKey(error))), correlationID: nil)
    }
  }

  /// `GET /common/discovery/instance`, which MSAL asks when this server is its instance discovery endpoint.
  func instances(query: String) -> AuthorityAnswer {
    let base = authority.addresses.base
    let asked = FormParameters(query.utf8)?["authorization_endpoint"] ?? ""
    let segments = asked.split(separator: "/").dropFirst(2)
    let tenant = segments.first.flatMap { TenantSegment(String($0)) } ?? .anyOf("common")
    let host = base.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }
    return AuthorityAnswer(status: 200) { writer in
      writer.member("tenant_discovery_endpoint", "\(base)/\(tenant.text)/v2.0/.well-known/openid-configuration")
      writer.member("api-version", "1.1")
      writer.name("metadata")
      writer.beginArray()
      writer.element()
      writer.beginObject()
      writer.member("preferred_network", String(host))
      writer.member("preferred_cache", String(host))
      writer.member("aliases", [String(host)])
      writer.endObject()
      writer.endArray()
    }
  }

  private func issuerName(of segment: TenantSegment) -> String { authority.addresses.issuer(of: segment.issuerText) }
}
