import Authentication
import NIOHTTP1
import OData
import Profiles

/// An error as a client of Graph sees it. This file is the one mapping from errors to the wire.
struct GraphError: Error, Equatable {
  let status: HTTPResponseStatus
  let code: GraphErrorCode
  /// What was wrong and what to do, for people. It never holds values of people.
  let message: String
  /// The property or segment at fault.
  var target: String?
  /// Further header fields, such as `Allow`.
  var headers: HeaderFields = [:]

  /// Graph's envelope (OData JSON 4.01 section 21.1, with Graph's spelling `innerError`).
  func body(identity: RequestIdentity, date: DateTimeOffset) -> [UInt8] {
    var json = JSONWriter(capacity: 384)
    json.beginObject()
    json.name("error")
    json.beginObject()
    json.member("code", code.rawValue)
    json.member("message", message)
    if let target { json.member("target", target) }
    json.name("innerError")
    json.beginObject()
    json.name("date")
    json.plainString(date.utf8WithoutFraction)
    json.member("request-id", identity.requestID)
    json.member("client-request-id", identity.clientRequestID)
    json.endObject()
    json.endObject()
    json.endObject()
    return json.bytes
  }
}

// MARK: From the domain

extension GraphError {
  init(_ error: ProfileError, isDirectory: Bool = false) {
    switch error {
    case .meNeedsUser:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "/me request is only valid with delegated authentication flow. Use /users/{id} with this token.")
    case .insufficientPermissions(let sufficient, let isDirectory):
      self.init(insufficient: sufficient, isDirectory: isDirectory)
    case .deniedForRole(let isDirectory):
      self.init(
        status: .forbidden, code: isDirectory ? .directoryDenied : .deniedForRole,
        message:
          "Access is denied: in this tenant it takes an administrator. Sufficient would be the directory role User "
          + "Administrator or Global Administrator in the token's wids, membership in the tenant's group of "
          + "administrators, or an application's own token with the permission.")
    case .propertyOfAdministrators(let name): self.init(ofAdministrators: name)
    case .ownerOnly, .closedToApplications, .audienceNotAllowed, .unknownTenant, .groupNotFound, .alreadyMember,
      .tooManyGroups:
      self.init(ofTenant: error)
    case .userNotFound: self = .userNotFound
    case .itemNotFound:
      self.init(
        status: .notFound, code: .unknownError,
        message: "There is no such item in this collection, or it is not visible to you. List the collection for ids.")
    case .principalNameTaken: self.init(taken: "userPrincipalName")
    case .mailTaken: self.init(taken: "mail")
    case .preconditionFailed:
      self.init(
        status: .preconditionFailed, code: .resourceModified,
        message:
          "The resource is not as If-Match or If-None-Match demand: it has changed since. Read it again, then repeat.")
    case .idempotencyKeyReused:
      self.init(
        status: .conflict, code: .idempotencyKeyReused,
        message: "The Idempotency-Key was sent before with another body. Use a new key for a new request.")
    case .body(let error): self.init(error, isDirectory: isDirectory)
    case .collectionFull:
      self.init(
        status: .conflict, code: .quotaLimitReached,
        message: "The collection already holds \(Limits.itemsPerCollectionMax) items. Delete some first.")
    case .personFull:
      self.init(
        status: .conflict, code: .quotaLimitReached,
        message: "One person may hold \(Limits.personBytesMax) bytes in all. Delete or shorten items first.")
    case .evaluation(let error):
      self.init(status: .badRequest, code: .badRequest, message: error.message)
    case .skipTooLarge:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "A sorted list can skip at most \(Limits.sortedSkipMax). Follow @odata.nextLink instead.")
    case .tooManyQueries: self = .tooManyQueries
    case .cancelled: self = .cancelled
    case .store(let error): self.init(error)
    }
  }

  /// What tenants and groups add.
  private init(ofTenant error: ProfileError) {
    switch error {
    case .ownerOnly:
      self.init(
        status: .forbidden, code: .deniedForRole,
        message: "Access is denied: this is for the owner of the profile, with User.Read to read and User.ReadWrite to "
          + "write, and for applications with User.Read.All or User.ReadWrite.All.")
    case .closedToApplications(let collection):
      self.init(
        status: .forbidden, code: .deniedForRole,
        message:
          "Access is denied: the tenant's policy does not let applications write '\(collection)'. The person's own "
          + "token with User.ReadWrite would be sufficient.", target: collection)
    case .audienceNotAllowed(let collection, let allowed):
      self.init(
        status: .forbidden, code: .deniedForRole,
        message: "Access is denied: the tenant's policy allows no other audiences in '\(collection)' than "
          + "\(allowed.text). Choose among these.", target: "allowedAudiences")
    case .groupNotFound:
      self.init(
        status: .notFound, code: .resourceNotFound,
        message: "Resource does not exist, or it is not visible to you. List /groups for ids.")
    case .alreadyMember:
      self.init(
        status: .badRequest, code: .requestBadRequest,
        message: "One or more added object references already exist for the following modified properties: 'members'.")
    case .tooManyGroups:
      self.init(
        status: .conflict, code: .quotaLimitReached,
        message: "One person can be a member of \(Limits.groupsPerPersonMax) groups. Take them out of others first.")
    default: self = .unknownTenant
    }
  }

  /// A tenant that a token may not name. `Authenticator` answers it with a challenge.
  private static let unknownTenant = GraphError(
    status: .unauthorized, code: .invalidAuthenticationToken, message: TokenRefusal.unknownTenant.message)

  private init(insufficient sufficient: [Permission], isDirectory: Bool) {
    let names = sufficient.map(\.rawValue).joined(separator: ", ")
    self.init(
      status: .forbidden, code: isDirectory ? .directoryDenied : .insufficientPermissions,
      message: "Insufficient privileges to complete the operation. "
        + (sufficient.isEmpty
          ? "A personal account reaches its owner alone, whatever its permissions: sign in to an organisation's account."
          : "The token needs one of: \(names)."))
  }

  /// There is no such person, or none that the caller may know of.
  static let userNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist, or it is not visible to you. Check the user id or principal name.")

  /// The profile service and the directory answer bad values with different codes.
  init(_ error: BodyError, isDirectory: Bool = false) {
    let code: GraphErrorCode =
      switch error {
      case .malformed, .notAnObject, .contradictingType, .inlineNavigation: .badRequest
      case .unknownProperty: .requestBodyRead
      case .wrongKind, .notNullable, .unknownMember, .invalidValue, .tooLarge:
        isDirectory ? .requestBadRequest : .unknownError
      }
    self.init(status: .badRequest, code: code, message: error.message, target: error.property)
  }

  init(_ error: StoreError) {
    switch error {
    case .damaged, .failed:
      self.init(
        status: .internalServerError, code: .generalException,
        message: "The server could not read or write its data. Nothing was changed; its log says why.")
    case .unresolved:
      // Not 503, which official clients repeat by themselves: a creation could then be done twice.
      self.init(
        status: .internalServerError, code: .generalException,
        message: "It is not known whether this write was saved. Read the resource before you repeat it; a creation can "
          + "be repeated with the same Idempotency-Key.")
    case .transient:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server could not read or write its data just now. Nothing was changed; try again after the time "
          + "in Retry-After.", headers: Self.retryLater)
    case .unavailable:
      // Reads fail as well as writes.
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server cannot reach its database now. Nothing was changed; /readyz says why.",
        headers: Self.retryLater)
    case .closed:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server is stopping. Nothing was changed; try again after the time in Retry-After.",
        headers: Self.retryLater)
    case .readOnly:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server takes no writes now. Nothing was changed; /readyz says why.", headers: Self.retryLater)
    case .diskFull:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server's disk is full. Nothing was changed; try again when there is room.",
        headers: Self.retryLater)
    case .overloaded:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "Too many writes are waiting. Nothing was changed; try again after the time in Retry-After.",
        headers: Self.retryLater)
    }
  }

  /// Official clients wait exactly this many seconds; zero would make them fall back to a longer pause.
  private static let retryLater: HeaderFields = [.retryAfter: "1"]
}

// MARK: From the request

extension GraphError {
  init(_ error: PathError) {
    if case .notOffered = error {
      self.init(status: .notImplemented, code: .notImplemented, message: error.message)
    } else {
      self.init(status: .badRequest, code: .badRequest, message: error.message)
    }
  }

  /// What OData knows and this server does not offer is 501 (OData 4.01 part 1, 9.3.1).
  init(_ error: QueryError) {
    if case .notImplemented = error {
      self.init(status: .notImplemented, code: .notImplemented, message: error.message)
    } else {
      self.init(status: .badRequest, code: .badRequest, message: error.message)
    }
  }

  static let wrongSkipToken = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The $skiptoken is not one of this server for this query and caller. Follow @odata.nextLink as it is, or "
      + "begin again without $skiptoken.")

  /// More long queries of one caller than may wait (as Graph throttles, RFC 6585 section 4).
  static let tooManyQueries = GraphError(
    status: .tooManyRequests, code: .tooManyRequests,
    message:
      "\(Limits.evaluationsWaitingMax) of your long queries wait already. Try again after the time in Retry-After, "
      + "send fewer at once, or ask for less with $filter.",
    headers: [.retryAfter: "\(Limits.evaluationRetrySeconds)"])

  /// The client closed its side of the connection while its query was being answered.
  static let cancelled = GraphError(
    status: .serviceUnavailable, code: .serviceNotAvailable,
    message: "The connection was closed for sending before this query was answered, so the work on it was ended. Keep "
      + "both directions open until the answer is there.",
    headers: retryLater)

  static let listURLTooLong = GraphError(
    status: .uriTooLong, code: .requestURITooLong,
    message: "The URL of a list with options is longer than \(Limits.listURLBytesMax) bytes, so links to its pages "
      + "could not be followed. Shorten the query.")

  static let notAcceptable = GraphError(
    status: .notAcceptable, code: .notAcceptable,
    message: "This resource is offered as application/json with odata.metadata=minimal or none, counts and raw values "
      + "as text/plain. Send Accept: application/json.")

  /// A path that only `/beta` has (as Graph answers it, with a hint).
  static let profileNeedsBeta = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource 'profile' does not exist or one of its queried reference-property objects are not present. "
      + "The profile API is offered under /beta only: call /beta/me/profile or /beta/users/{id}/profile.")

  /// The method is not offered on this resource.
  static func methodNotAllowed(_ allowed: [HTTPMethod]) -> GraphError {
    let names = allowed.map(\.rawValue).joined(separator: ", ")
    return GraphError(
      status: .methodNotAllowed, code: .requestBadRequest,
      message: "Specified HTTP method is not allowed for the request target. It takes: \(names).",
      headers: [.allow: names])
  }

  /// The resource is known and not offered yet.
  static let notImplemented = GraphError(
    status: .notImplemented, code: .notImplemented,
    message: "This resource is part of the model, but not offered by this version of the server.")

  static let notACollection = GraphError(
    status: .badRequest, code: .badRequest,
    message: "$count follows a collection, and this property has a single value. Leave out /$count.")

  static let notPrimitive = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Only a primitive value has a raw form. Leave out /$value to read this one as JSON.")

  static let contentTypeMissing = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Write requests (excluding DELETE) must contain the Content-Type header declaration. "
      + "Send application/json.")

  static let contentTypeNotJSON = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The entity only allows writes with a JSON Content-Type header. Send application/json in UTF-8.")

  static let bodyMissing = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The request has no body. Send one JSON object that holds the properties to set.")

  static let contentEncodingUnsupported = GraphError(
    status: .unsupportedMediaType, code: .unsupportedMediaType,
    message: "Only the content encodings gzip and deflate, or none, are understood. Send the body plain.",
    headers: [.acceptEncoding: "gzip, deflate"])

  static let bodyNotInflatable = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The body is not compressed as its Content-Encoding says. Send it whole, or send it plain.")

  static let malformedEntityTag = GraphError(
    status: .badRequest, code: .malformedEntityTag,
    message: "If-Match and If-None-Match must be * or a list of quoted entity tags, as they stand in @odata.etag.")

  static let malformedIdempotencyKey = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Idempotency-Key must have 1 to \(Limits.idempotencyKeyBytesMax) characters of ASCII.")

  static let malformedID = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An id in the path is empty, longer than \(Limits.idBytesMax) bytes, or of a key that does not exist.")
}

// MARK: From other routes

extension GraphError {
  static let noSuchRoute = GraphError(
    status: .notFound, code: .badRequest,
    message: "There is nothing at this path. Graph's routes begin with /beta or /v1.0.")

  static let resetFromAnotherSite = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "A page of another site cannot reset the demo. Call this from a test or from a terminal.")

  static let demoUnderAnotherName = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "The demo's own routes are for this machine: send the Host localhost, 127.0.0.1 or [::1], or that of "
      + "--public-url. A demo that others may use is started with --demo-anywhere.")

  static let resetOfOtherData = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "This data directory was not begun by --demo, so it is not reset. Use another directory for the demo.")
}

// MARK: From the connection

extension GraphError {
  static let bodyTooLarge = GraphError(
    status: .payloadTooLarge, code: .requestEntityTooLarge,
    message: "The body is longer than \(Limits.bodyBytesMax) bytes.")

  static let urlTooLong = GraphError(
    status: .uriTooLong, code: .requestURITooLong, message: "The URL is longer than \(Limits.urlBytesMax) bytes.")

  static let headersTooLarge = GraphError(
    status: .requestHeaderFieldsTooLarge, code: .requestHeaderFieldsTooLarge,
    message: "The header section is longer than \(Limits.headerBytesMax) bytes or \(Limits.headerCountMax) fields.")

  static let malformedHTTP = GraphError(
    status: .badRequest, code: .badRequest, message: "The request is not valid HTTP/1.1 (RFC 9112).")

  static let malformedTarget = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "The request target is none of RFC 9112 section 3.2: send the path with its query, or an http or https URL "
      + "with a host and without a user, percent-encoded and without a fragment.")

  static let malformedHost = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "Host must stand once and be a host with an optional port, as in the URL. It is empty only where the target "
      + "has no host either.")

  /// A field that is no list stands twice.
  static func repeatedField(_ name: String) -> GraphError {
    GraphError(
      status: .badRequest, code: .badRequest, message: "The header field \(name) stands more than once. Send it once.")
  }

  static let transferCodingUnknown = GraphError(
    status: .notImplemented, code: .notImplemented,
    message: "The only transfer coding that is understood is chunked. Compress with Content-Encoding instead.")

  static let connectRefused = GraphError(
    status: .notImplemented, code: .notImplemented, message: "The server is no proxy. Send requests to it directly.")

  static let tooSlow = GraphError(
    status: .requestTimeout, code: .requestTimeout,
    message: "The request did not arrive in time. Check that Content-Length is the length of the body.")

  static let expectationFailed = GraphError(
    status: .expectationFailed, code: .expectationFailed, message: "Only Expect: 100-continue is understood.")
}
