/// Why the authority issues no token (RFC 6749 section 5.2).
public enum GrantRefusal: Error, Equatable, Sendable {
  /// The parameter of this name is absent.
  case missingParameter(String)
  /// The tenant in the URL is not the client's.
  case unknownTenant
  /// The authority does not offer the `grant_type`.
  case unsupportedGrant
  /// The client sent credentials both in the body and by HTTP Basic.
  case twoAuthentications
  /// The client id or its secret is wrong; `usedBasic` when they came by HTTP Basic.
  case wrongClient(usedBasic: Bool)
  /// The scope is not exactly one resource of this server.
  case wrongScope
  /// Too many tokens wait to be signed.
  case tooManySignatures
  /// The servers that share a database cannot agree on a key now.
  case keyNotShared
  /// The token could not be signed.
  case signingFailed

  /// The refusal for a token that could not be signed.
  public init(_ failure: SigningFailure) {
    switch failure {
    case .busy: self = .tooManySignatures
    case .noKey(.notShared): self = .keyNotShared
    case .noKey, .refused: self = .signingFailed
    }
  }

  /// The error code of RFC 6749 sections 4.1.2.1 and 5.2.
  public var code: String {
    switch self {
    case .missingParameter, .unknownTenant, .twoAuthentications: "invalid_request"
    case .unsupportedGrant: "unsupported_grant_type"
    case .wrongClient: "invalid_client"
    case .wrongScope: "invalid_scope"
    case .tooManySignatures, .keyNotShared: "temporarily_unavailable"
    case .signingFailed: "server_error"
    }
  }

  /// A sentence for people: what was wrong and what to do.
  public var message: String {
    switch self {
    case .missingParameter(let name): "The request must contain the parameter '\(name)'."
    case .unknownTenant: "The tenant in the URL is not the client's. Use the tenant id that the server printed."
    case .unsupportedGrant: "The grant type is not supported. Use 'client_credentials'."
    case .twoAuthentications:
      "The client authenticates twice. Send the secret in the body or in the header, not in both."
    case .wrongClient:
      "The client id or its secret is not valid here. Use those that the server printed; they are new with each start."
    case .wrongScope:
      "The scope must be one resource of this server and '/.default', such as https://graph.microsoft.com/.default."
    case .tooManySignatures: SigningFailure.busy.message
    case .keyNotShared:
      "There is no key yet that signs tokens, because the database that the servers share cannot be reached. Try again later."
    case .signingFailed: "The token could not be signed. See the server's log."
    }
  }
}
