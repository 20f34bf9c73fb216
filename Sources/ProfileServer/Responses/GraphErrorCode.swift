import NIOHTTP1

/// The codes of errors in responses. They are Graph's where Graph has one for the error.
public enum GraphErrorCode: String, CaseIterable, Sendable {
  case badRequest = "BadRequest"
  case requestBodyRead = "RequestBodyRead"
  case unknownError = "UnknownError"
  case malformedEntityTag
  case invalidAuthenticationToken = "InvalidAuthenticationToken"
  case insufficientPermissions = "ErrorInsufficientPermissionsInAccessToken"
  case deniedForRole = "ErrorAccessDeniedForRole"
  case directoryDenied = "Authorization_RequestDenied"
  case resourceNotFound = "Request_ResourceNotFound"
  case imageNotFound = "ImageNotFound"
  case requestBadRequest = "Request_BadRequest"
  case resultSizeLimitExceeded = "Directory_ResultSizeLimitExceeded"
  case invalidLengthValue = "InvalidLengthValue"
  case notAcceptable
  case idempotencyKeyReused
  case requestTimeout
  case quotaLimitReached
  case resourceModified
  case preconditionFailed
  case failedDependency
  case batchAnswerTooLarge
  case requestEntityTooLarge
  case requestURITooLong = "requestUriTooLong"
  case unsupportedMediaType
  case expectationFailed
  case requestHeaderFieldsTooLarge
  case generalException
  case notImplemented
  case serviceNotAvailable
  case tooManyRequests = "TooManyRequests"
}
