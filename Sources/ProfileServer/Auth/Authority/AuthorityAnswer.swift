import OData

/// What the authority answers: a status and a JSON document that must not be kept by caches.
struct AuthorityAnswer: Equatable, Sendable {
  let status: Int
  let body: [UInt8]
  /// The value of `WWW-Authenticate`, when the client tried HTTP Basic (RFC 6749 section 5.2).
  var challenge: String?
  /// The value of `Retry-After`, when the same request may succeed later.
  var retryAfterSeconds: Int?
  /// The value of `Allow`, when the method was wrong.
  var allowedMethods: String?

  /// An answer whose document is an object with what `members` writes.
  init(status: Int, members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter(capacity: 1_024)
    writer.beginObject()
    members(&writer)
    writer.endObject()
    self.status = status
    body = writer.bytes
  }

  /// An answer with a finished document.
  init(status: Int, document: [UInt8]) {
    self.status = status
    body = document
  }
}

/// Why no token is issued (RFC 6749 section 5.2), in the shape that official clients read.
enum AuthorityRefusal: Error, Equatable, Sendable {
  case notAForm
  case missingParameter(String)
  case unknownTenant
  case unsupportedGrant
  case twoAuthentications
  case wrongClient(usedBasic: Bool)
  case wrongScope
  case noSuchEndpoint
  /// `allowed` is the value of `Allow`.
  case wrongMethod(allowed: String)
  case tooManySignatures
  /// The servers of one database cannot agree on a key now.
  case keyNotShared
  case signingFailed

  /// Why there is no signature.
  init(_ failure: SigningFailure) {
    switch failure {
    case .busy: self = .tooManySignatures
    case .noKey(.notShared): self = .keyNotShared
    case .noKey, .refused: self = .signingFailed
    }
  }

  /// The status: 401 only for wrong credentials. Official clients repeat a 400 from memory for a minute.
  var status: Int {
    switch self {
    case .wrongClient: 401
    case .noSuchEndpoint: 404
    case .wrongMethod: 405
    case .signingFailed: 500
    case .tooManySignatures, .keyNotShared: 503
    case .notAForm, .missingParameter, .unknownTenant, .unsupportedGrant, .twoAuthentications, .wrongScope: 400
    }
  }

  /// The code of RFC 6749.
  var code: String {
    switch self {
    case .notAForm, .missingParameter, .unknownTenant, .twoAuthentications, .noSuchEndpoint, .wrongMethod:
      "invalid_request"
    case .unsupportedGrant: "unsupported_grant_type"
    case .wrongClient: "invalid_client"
    case .wrongScope: "invalid_scope"
    case .tooManySignatures, .keyNotShared: "temporarily_unavailable"
    case .signingFailed: "server_error"
    }
  }

  /// The number that official clients and their users look errors up by.
  var number: Int64 {
    switch self {
    case .notAForm, .twoAuthentications: 90_100
    case .missingParameter: 900_144
    case .unknownTenant: 90_002
    case .unsupportedGrant: 70_003
    case .wrongClient: 7_000_215
    case .wrongScope: 70_011
    case .noSuchEndpoint: 9_002_313
    case .wrongMethod: 900_561
    case .tooManySignatures, .keyNotShared, .signingFailed: 90_033
    }
  }

  /// After how many seconds the same request may succeed.
  var retryAfterSeconds: Int? {
    switch self {
    case .tooManySignatures, .keyNotShared: Limits.signatureRetrySeconds
    case .notAForm, .missingParameter, .unknownTenant, .unsupportedGrant, .twoAuthentications, .wrongClient,
      .wrongScope,
      .noSuchEndpoint, .wrongMethod, .signingFailed:
      nil
    }
  }

  /// The methods that would be taken, when the method was wrong.
  var allowedMethods: String? {
    guard case .wrongMethod(let allowed) = self else { return nil }
    return allowed
  }

  /// What was wrong and what to do.
  var message: String {
    switch self {
    case .notAForm:
      "The request must be a form (application/x-www-form-urlencoded) of at most \(Limits.formBytesMax) bytes that "
        + "names each parameter once."
    case .missingParameter(let name): "The request must contain the parameter '\(name)'."
    case .unknownTenant: "The tenant in the URL is not the client's. Use the tenant id that the server printed."
    case .unsupportedGrant: "The grant type is not supported. Use 'client_credentials'."
    case .twoAuthentications:
      "The client authenticates twice. Send the secret in the body or in the header, not in both."
    case .wrongClient:
      "The client id or its secret is not valid here. Use those that the server printed; they are new with each start."
    case .wrongScope:
      "The scope must be one resource of this server and '/.default', such as https://graph.microsoft.com/.default."
    case .noSuchEndpoint:
      "This authority has no such endpoint. It offers discovery, keys and tokens for clients with a secret, and in a demo "
        + "managed identities; for people use 'facet token'."
    case .wrongMethod(let allowed): "The endpoint does not take this method. It takes: \(allowed)."
    case .tooManySignatures: SigningFailure.busy.message
    case .keyNotShared:
      "There is no key yet that signs tokens, because the database that the servers share cannot be reached. Try again later."
    case .signingFailed: "The token could not be signed. See the server's log."
    }
  }
}
