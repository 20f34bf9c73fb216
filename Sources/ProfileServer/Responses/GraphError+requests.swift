import NIOHTTP1
import OData
import Profiles

// MARK: Errors of requests

extension GraphError {
  /// A request body that cannot be read. The profile service and the directory use different codes for invalid values.
  init(_ error: BodyError, isDirectory: Bool = false) {
    let code: GraphErrorCode =
      switch error {
      case .malformed, .notAnObject, .contradictingType, .inlineNavigation: .badRequest
      case .unknownProperty: .requestBodyRead
      case .wrongKind, .notNullable, .unknownMember, .invalidValue, .refused, .tooLarge:
        isDirectory ? .requestBadRequest : .unknownError
      }
    self.init(status: .badRequest, code: code, message: error.message, target: error.property)
  }

  /// A path that cannot be resolved.
  init(_ error: PathError) {
    switch error {
    case .notOffered, .unoffered:
      self.init(status: .notImplemented, code: .notImplemented, message: error.message)
    case .notOfTheService, .malformedEncoding, .unknownSegment, .malformedKey, .unknownKey:
      self.init(status: .badRequest, code: .badRequest, message: error.message)
    }
  }

  /// A query that cannot be evaluated; 501 for what OData defines and this server does not offer (OData 4.01 part 1,
  /// 9.3.1).
  init(_ error: QueryError) {
    if case .notImplemented = error {
      self.init(status: .notImplemented, code: .notImplemented, message: error.message)
    } else {
      self.init(status: .badRequest, code: .badRequest, message: error.message)
    }
  }

  /// A `$skiptoken` that this server did not make for this query and caller.
  static let wrongSkipToken = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The $skiptoken is not one of this server for this query and caller. Follow @odata.nextLink as it is, or "
      + "begin again without $skiptoken.")

  /// A list URL to which no `$skiptoken` could be added.
  static let listURLTooLong = GraphError(
    status: .uriTooLong, code: .requestURITooLong,
    message: "The URL of a list with options is longer than \(Limits.listURLBytesMax) bytes, so links to its pages "
      + "could not be followed. Shorten the query.")

  /// No offered media type is acceptable (RFC 9110 section 15.5.7).
  static let notAcceptable = GraphError(
    status: .notAcceptable, code: .notAcceptable,
    message: "This resource is offered as application/json with odata.metadata=minimal or none, counts and raw values "
      + "as text/plain. Send Accept: application/json.")

  /// A path that only `/beta` has, in the words of Graph and with a hint.
  static let profileNeedsBeta = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource 'profile' does not exist or one of its queried reference-property objects are not present. "
      + "The profile API is offered under /beta only: call /beta/me/profile or /beta/users/{id}/profile.")

  /// The resource does not have the method (RFC 9110 section 15.5.6).
  static func methodNotAllowed(_ allowed: [HTTPMethod]) -> GraphError {
    let names = allowed.map(\.rawValue).joined(separator: ", ")
    return GraphError(
      status: .methodNotAllowed, code: .requestBadRequest,
      message: "Specified HTTP method is not allowed for the request target. It takes: \(names).",
      headers: [.allow: names])
  }

  /// The model has the resource, but the server does not offer it.
  static let notImplemented = GraphError(
    status: .notImplemented, code: .notImplemented,
    message: "This resource is part of the model, but not offered by this version of the server.")

  /// `$count` after a single value (OData URL Conventions 4.01 section 4.8).
  static let notACollection = GraphError(
    status: .badRequest, code: .badRequest,
    message: "$count follows a collection, and this property has a single value. Leave out /$count.")

  /// `$value` after a property that has no raw value (OData URL Conventions 4.01 section 4.7).
  static let notPrimitive = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Only a primitive value has a raw form. Leave out /$value to read this one as JSON.")

  /// A write without `Content-Type`. Graph responds with 400.
  static let contentTypeMissing = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Write requests (excluding DELETE) must contain the Content-Type header declaration. "
      + "Send application/json.")

  /// A write in another media type. Graph responds with 400, not 415.
  static let contentTypeNotJSON = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The entity only allows writes with a JSON Content-Type header. Send application/json in UTF-8.")

  /// A write without a body.
  static let bodyMissing = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The request has no body. Send one JSON object that holds the properties to set.")

  /// An unknown or repeated content coding (RFC 9110 section 15.5.16).
  static let contentEncodingUnsupported = GraphError(
    status: .unsupportedMediaType, code: .unsupportedMediaType,
    message: "Only the content encodings gzip and deflate, or none, are understood. Send the body plain.",
    headers: [.acceptEncoding: "gzip, deflate"])

  /// A body that is not compressed with its content coding.
  static let bodyNotInflatable = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The body is not compressed as its Content-Encoding says. Send it whole, or send it plain.")

  /// A condition that is no list of entity tags (RFC 9110 section 13.1).
  static let malformedEntityTag = GraphError(
    status: .badRequest, code: .malformedEntityTag,
    message: "If-Match and If-None-Match must be * or a list of quoted entity tags, as they stand in @odata.etag.")

  /// An `Idempotency-Key` that is empty, too long or not ASCII.
  static let malformedIdempotencyKey = GraphError(
    status: .badRequest, code: .badRequest,
    message: "Idempotency-Key must have 1 to \(Limits.idempotencyKeyBytesMax) characters of ASCII.")

  /// A key in the path that no entity can have.
  static let malformedID = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An id in the path is empty, longer than \(Limits.idBytesMax) bytes, or of a key that does not exist.")

  /// `Idempotency-Key` on a request that creates nothing.
  static let idempotencyKeyOfNoCreation = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "Idempotency-Key is for what creates: POST to a collection, /users, /groups or members/$ref, alone or as a "
      + "request of a batch. Leave it out here; an update or a deletion can be sent again as it is, with If-Match.")
}

// MARK: Errors of routes outside Graph

extension GraphError {
  /// A path of no route.
  static let noSuchRoute = GraphError(
    status: .notFound, code: .badRequest,
    message: "There is nothing at this path. Graph's routes begin with /beta or /v1.0.")

  /// A page of another site called the demo's routes.
  static let resetFromAnotherSite = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "A page of another site cannot reset the demo. Call this from a test or from a terminal.")

  /// The demo's routes were called under a host name that is not allowed.
  static let demoUnderAnotherName = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "The demo's own routes are for this machine: send the Host localhost, 127.0.0.1 or [::1], or that of "
      + "--public-url. A demo that others may use is started with --demo-anywhere.")

  /// A reset of data that no demo created.
  static let resetOfOtherData = GraphError(
    status: .forbidden, code: .directoryDenied,
    message: "This data directory was not begun by --demo, so it is not reset. Use another directory for the demo.")
}
