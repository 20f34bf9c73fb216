import OData
import Profiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A request to `POST /{tenant}/oauth2/v2.0/token`, as far as the answer depends on it.
struct TokenRequest: Sendable {
  /// The first segment of the path.
  var tenant: String
  var contentType: String?
  var authorization: String?
  /// The client's `client-request-id`.
  var correlationID: String?
  var body: [UInt8]
}

extension Authority {
  /// Answers a token request (RFC 6749 section 4.4).
  func token(_ request: TokenRequest) async -> AuthorityAnswer {
    do throws(AuthorityRefusal) { return try await issue(request) } catch {
      return answer(error, correlationID: request.correlationID.flatMap(Self.echoable))
    }
  }

  private func issue(_ request: TokenRequest) async throws(AuthorityRefusal) -> AuthorityAnswer {
    guard Self.isForm(request.contentType), let form = FormParameters(request.body) else { throw .notAForm }
    guard let grant = form["grant_type"] else { throw .missingParameter("grant_type") }
    guard grant == "client_credentials" else { throw .unsupportedGrant }
    let client = try authenticate(form, authorization: request.authorization)
    guard TenantSegment(request.tenant) == .tenant(client.tenant) else { throw .unknownTenant }
    guard let scope = form["scope"] else { throw .missingParameter("scope") }
    guard isOwnScope(scope) else { throw .wrongScope }
    let token = try await accessToken(for: client)
    return AuthorityAnswer(status: 200) { writer in
      writer.member("token_type", "Bearer")
      writer.member("expires_in", token.expires - clock())
      writer.member("ext_expires_in", token.expires - clock())
      writer.member("access_token", token.text)
    }
  }

  private static func isForm(_ contentType: String?) -> Bool {
    let mediaType = contentType?.prefix { $0 != ";" && $0 != " " }
    return mediaType?.lowercased() == "application/x-www-form-urlencoded"
  }

  /// The client whose id and secret come in the body or by HTTP Basic (RFC 6749 section 2.3.1).
  private func authenticate(
    _ form: FormParameters, authorization: String?
  ) throws(AuthorityRefusal) -> ConfidentialClient {
    let basic = authorization.flatMap { Self.basicCredentials($0) }
    let usesBasic = authorization != nil
    guard !usesBasic || form["client_secret"] == nil else { throw .twoAuthentications }
    guard usesBasic || form["client_id"] != nil else { throw .missingParameter("client_id") }
    let id = basic?.id ?? form["client_id"] ?? ""
    let secret = basic?.secret ?? form["client_secret"] ?? ""
    // An unknown id costs a comparison too, so that time does not tell which ids exist.
    let known = clients.first { $0.id.lowercased() == id.lowercased() }
    let isRight = known?.hasSecret(secret) ?? ConstantTimeText.isEqual(id, secret + "-")
    guard let known, isRight, !secret.isEmpty else { throw .wrongClient(usedBasic: usesBasic) }
    return known
  }

  /// Both parts are form-encoded before they are joined.
  private static func basicCredentials(_ authorization: String) -> (id: String, secret: String)? {
    guard authorization.lowercased().hasPrefix("basic ") else { return nil }
    let encoded = String(authorization.dropFirst(6).drop { $0 == " " })
    guard encoded.utf8.count <= Limits.headerBytesMax, let bytes = Data(base64Encoded: encoded) else { return nil }
    let parts = Array(bytes).split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let id = FormParameters.decode(parts[0]), let secret = FormParameters.decode(parts[1])
    else { return nil }
    return (id, secret)
  }

  /// Whether the scope asks for one resource, which is this server; MSAL's additional OpenID scopes say nothing.
  private func isOwnScope(_ scope: String) -> Bool {
    let openID: Set<Substring> = ["openid", "profile", "offline_access", "email"]
    let scopes = scope.split(separator: " ").filter { !openID.contains($0) }
    let suffix = "/.default"
    guard scopes.count == 1, let only = scopes.first, only.hasSuffix(suffix) else { return false }
    return isOwnResource(String(only.dropLast(suffix.count)))
  }

  /// A client's id of a request is echoed when it is short and plain.
  static func echoable(_ id: String) -> String? {
    let isPlain = id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    return isPlain && (1...Limits.clientRequestIDBytesMax).contains(id.utf8.count) ? id : nil
  }
}
