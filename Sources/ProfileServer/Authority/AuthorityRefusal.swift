import Authority
import OData

/// Why the authority refuses a request, in HTTP's terms.
enum AuthorityRefusal: Error, Equatable, Sendable {
  /// The body is no form, or one that cannot be read.
  case notAForm
  /// The authority has no such endpoint.
  case noSuchEndpoint
  /// The endpoint does not take the method; `allowed` is the value of `Allow`.
  case wrongMethod(allowed: String)
  /// The authority issues no token.
  case grant(GrantRefusal)

  /// The HTTP status.
  var status: Int {
    switch self {
    case .notAForm: 400
    case .noSuchEndpoint: 404
    case .wrongMethod: 405
    case .grant(let refusal): refusal.status
    }
  }

  /// The error code of RFC 6749 section 5.2.
  var code: String {
    switch self {
    case .notAForm, .noSuchEndpoint, .wrongMethod: "invalid_request"
    case .grant(let refusal): refusal.code
    }
  }

  /// The number by which official clients and their users look up errors (`AADSTS...`).
  var number: Int64 {
    switch self {
    case .notAForm: 90_100
    case .noSuchEndpoint: 9_002_313
    case .wrongMethod: 900_561
    case .grant(let refusal): refusal.number
    }
  }

  /// The value of `WWW-Authenticate`: only for credentials that came by HTTP Basic (RFC 6749 section 5.2).
  var challenge: String? { self == .grant(.wrongClient(usedBasic: true)) ? #"Basic realm="facet""# : nil }

  /// The value of `Retry-After`, when the same request may succeed later.
  var retryAfterSeconds: Int? {
    switch self {
    case .notAForm, .noSuchEndpoint, .wrongMethod: nil
    case .grant(let refusal): refusal.retryAfterSeconds
    }
  }

  /// The value of `Allow`, when the method was wrong.
  var allowedMethods: String? {
    switch self {
    case .wrongMethod(let allowed): allowed
    case .notAForm, .noSuchEndpoint, .grant: nil
    }
  }

  /// A sentence for people: what was wrong and what to do.
  var message: String {
    switch self {
    case .notAForm:
      "The request must be a form (application/x-www-form-urlencoded) of at most \(Limits.formBytesMax) bytes that "
        + "names each parameter once."
    case .noSuchEndpoint:
      "This authority has no such endpoint. It offers discovery, keys and tokens for clients with a secret, and in a demo "
        + "managed identities; for people use 'facet token'."
    case .wrongMethod(let allowed): "The endpoint does not take this method. It takes: \(allowed)."
    case .grant(let refusal): refusal.message
    }
  }
}

extension GrantRefusal {
  /// The HTTP status: 401 for wrong credentials only. Official clients repeat a 400 from memory for a minute.
  var status: Int {
    switch self {
    case .wrongClient: 401
    case .signingFailed: 500
    case .tooManySignatures, .keyNotShared: 503
    case .missingParameter, .unknownTenant, .unsupportedGrant, .twoAuthentications, .wrongScope: 400
    }
  }

  /// The number of the error (`AADSTS...`).
  var number: Int64 {
    switch self {
    case .twoAuthentications: 90_100
    case .missingParameter: 900_144
    case .unknownTenant: 90_002
    case .unsupportedGrant: 70_003
    case .wrongClient: 7_000_215
    case .wrongScope: 70_011
    case .tooManySignatures, .keyNotShared, .signingFailed: 90_033
    }
  }

  /// After how many seconds the same request may succeed; nil when it will not.
  var retryAfterSeconds: Int? {
    switch self {
    case .tooManySignatures, .keyNotShared: Limits.signatureRetrySeconds
    case .missingParameter, .unknownTenant, .unsupportedGrant, .twoAuthentications, .wrongClient, .wrongScope,
      .signingFailed:
      nil
    }
  }
}

extension AuthorityRefusal {
  /// The answer in the form that official clients read. `correlationID` is the client's id of the request, if it can be
  /// echoed; `authority` gives the time and new ids.
  func answer(correlationID: String?, by authority: TokenAuthority) -> AuthorityAnswer {
    var answer = AuthorityAnswer(status: status) { writer in
      writer.member("error", code)
      writer.member("error_description", "AADSTS\(number): \(message)")
      writer.name("error_codes")
      writer.beginArray()
      writer.element()
      writer.int(number)
      writer.endArray()
      writer.member("timestamp", Self.timestamp(authority.clock()))
      writer.member("trace_id", authority.makeID())
      writer.member("correlation_id", correlationID ?? authority.makeID())
    }
    answer.challenge = challenge
    answer.retryAfterSeconds = retryAfterSeconds
    answer.allowedMethods = allowedMethods
    return answer
  }

  private static func timestamp(_ seconds: Int64) -> String {
    let time = DateTimeOffset(unixSeconds: seconds).utf8WithoutFraction
    return String(decoding: time, as: UTF8.self).replacing("T", with: " ").replacing("Z", with: "") + "Z"
  }
}
