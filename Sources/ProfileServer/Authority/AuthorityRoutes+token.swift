import Authority
import HTTPTypes
import Hummingbird
import NIOCore
import OData

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A request to `POST /{tenant}/oauth2/v2.0/token`, as far as the answer depends on it.
struct TokenEndpointRequest: Sendable {
  /// The first segment of the path.
  var tenant: String
  var contentType: String?
  var authorization: String?
  /// The client's `client-request-id`.
  var correlationID: String?
  var body: [UInt8]
}

extension AuthorityRoutes {
  /// Answers `POST /{tenant}/oauth2/v2.0/token`, with the body still to be read.
  func token(_ request: Request, tenant: String) async -> AuthorityAnswer {
    let correlationID = request.headers[.clientRequestID]
    guard let body = try? await request.body.collect(upTo: Limits.formBytesMax) else {
      return refusal(.notAForm, correlationID: correlationID)
    }
    return await token(
      TokenEndpointRequest(
        tenant: tenant, contentType: request.headers[.contentType], authorization: request.headers[.authorization],
        correlationID: correlationID, body: Array(body.readableBytesView)))
  }

  /// Answers a token request (RFC 6749 sections 5.1 and 5.2).
  func token(_ request: TokenEndpointRequest) async -> AuthorityAnswer {
    guard let parsed = Self.parse(request) else { return refusal(.notAForm, correlationID: request.correlationID) }
    do throws(GrantRefusal) {
      let token = try await authority.token(for: parsed)
      return AuthorityAnswer(status: 200) { writer in
        writer.member("token_type", "Bearer")
        writer.member("expires_in", token.expires - authority.clock())
        writer.member("ext_expires_in", token.expires - authority.clock())
        writer.member("access_token", token.text)
      }
    } catch {
      return refusal(.grant(error), correlationID: request.correlationID)
    }
  }

  /// The parameters of a request; nil when its body is no form.
  private static func parse(_ request: TokenEndpointRequest) -> TokenRequest? {
    guard isForm(request.contentType), let form = FormParameters(request.body) else { return nil }
    return TokenRequest(
      tenant: request.tenant, grantType: form["grant_type"], scope: form["scope"], clientID: form["client_id"],
      clientSecret: form["client_secret"], headerCredentials: request.authorization.map(headerCredentials))
  }

  private static func isForm(_ contentType: String?) -> Bool {
    let mediaType = contentType?.prefix { $0 != ";" && $0 != " " }
    return mediaType?.lowercased() == "application/x-www-form-urlencoded"
  }

  /// The credentials in an `Authorization` field of HTTP Basic, both form-encoded before they were joined (RFC 6749
  /// section 2.3.1).
  private static func headerCredentials(_ authorization: String) -> TokenRequest.HeaderCredentials {
    guard authorization.lowercased().hasPrefix("basic ") else { return .unreadable }
    let encoded = String(authorization.dropFirst(6).drop { $0 == " " })
    guard encoded.utf8.count <= Limits.headerBytesMax, let bytes = Data(base64Encoded: encoded) else {
      return .unreadable
    }
    let parts = Array(bytes).split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let id = FormParameters.decode(parts[0]), let secret = FormParameters.decode(parts[1])
    else { return .unreadable }
    return .client(id: id, secret: secret)
  }
}
