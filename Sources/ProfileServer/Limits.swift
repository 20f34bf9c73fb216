import OData

/// Bounds of the HTTP server. Sizes that only tune its work and refuse nothing are named here too, and say so.
extension Limits {
  // MARK: Connections

  /// How long input is discarded after the last response of a connection before the connection is closed.
  static let lingerSeconds = 2
  /// How often the timeouts of a connection are checked.
  static let timeoutTickSeconds = 1
  /// Shortest time between two warnings that no more connections can be accepted.
  static let acceptWarningSeconds = 60

  // MARK: Requests

  /// Longest request body that is read before the request is authenticated, in bytes.
  static let anonymousBodyBytesMax = 16 << 10
  /// Longest slice of input that is given to the decoder at once, in bytes. Refuses nothing.
  static let decodedSliceBytes = 16 << 10
  /// Free space that one step of inflation is given, in bytes. Refuses nothing.
  static let inflationStepBytes = 16 << 10
  /// Longest `Host` that links are built from, in bytes; a longer one is replaced by the address of the listener.
  static let originHostBytesMax = 255
  /// Most bytes of header field names that a preflight is allowed beyond the fixed ones; the others are left out.
  static let preflightNamesBytesMax = 2_048
  /// Longest header field name that a preflight is allowed beyond the fixed ones, in bytes.
  static let preflightNameBytesMax = 64

  // MARK: Responses

  /// Longest body that is copied behind its header section, in bytes; a longer one is written separately. Refuses nothing.
  static let joinedBodyBytesMax = 32 << 10
  /// Chunks of a generated body are joined until they have this many bytes. Refuses nothing.
  static let responseChunkBytes = 32 << 10
}
