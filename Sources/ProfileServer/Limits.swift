public import OData

/// Bounds of the HTTP server. Sizes that only tune its work and refuse nothing are named here too, and say so.
extension Limits {
  // MARK: A request

  /// Longest request body, before and after inflation, in bytes.
  public static let bodyBytesMax = 1 << 20
  /// Longest request target, in bytes.
  public static let urlBytesMax = 8 << 10
  /// Longest header section, in bytes.
  public static let headerBytesMax = 32 << 10
  /// Most header fields of one request.
  public static let headerCountMax = 200
  /// Longest `client-request-id` that is echoed, in bytes; a longer one is replaced.
  public static let clientRequestIDBytesMax = 128
  /// Longest `Idempotency-Key`, in bytes.
  public static let idempotencyKeyBytesMax = 255
  /// Most members, and most owners, that one write of a group adds (as on Graph).
  public static let membersAddedMax = 20
  /// Longest name of a group that `validateProperties` finds valid, in bytes (256 characters on Graph).
  public static let groupNameBytesMax = 256

  /// Most digits of a side in the size of a photo that a path names.
  static let photoSideDigitsMax = 5

  // MARK: A list

  /// Entities of a page unless the client asks for another size.
  public static let pageSizeDefault = 100
  /// Most entities of a page.
  public static let pageSizeMax = 999
  /// Longest URL of a list with options, in bytes: the link to the next page must not be longer than a URL may be.
  public static let listURLBytesMax = 5 << 10
  /// Time after which a client that was refused with 429 may try again, in seconds.
  public static let evaluationRetrySeconds = 2

  // MARK: A batch

  /// Largest value of `--batch-size`.
  public static let batchRequestsMax = 1_000
  /// Most bytes that the answers of one batch hold before further requests in it are refused.
  public static let batchAnswerBytesMax = 8 << 20

  // MARK: A form

  /// Longest form that the token endpoint reads, in bytes.
  public static let formBytesMax = 64 << 10
  /// Most parameters of a form or a query of the authority.
  public static let formParametersMax = 64

  // MARK: Bytes of a connection

  /// Most bytes of answers that may wait to be sent on one connection; at this bound it is closed. Answers are made
  /// no faster than their client reads them, so that only a defect of this server reaches it.
  public static let unsentBytesMax = 256 << 10
  /// Most bytes that are written to a connection before the server checks whether its client reads them.
  public static let writeBytesMax = 64 << 10
  /// Most bytes that wait on all connections together: answers that are not sent, bodies that are not complete, and
  /// requests that are not parsed. At this bound the connection that has made no progress for longest is closed.
  public static let connectionBytesMax = 128 << 20
  /// Most bytes of requests that wait behind the one in flight: what a connection brings in one turn, four reads of
  /// 64 KiB, and the part of a TLS record that was there before.
  public static let pipelinedBytesMax = (4 * 64 + 16) << 10

  // MARK: Times of a connection

  /// Longest time from the first byte of a header section to its end, in seconds.
  public static let headerSeconds = 10
  /// Longest pause between two pieces of a request body, in seconds.
  public static let bodyPauseSeconds = 10
  /// Longest time for a whole request to arrive, in seconds.
  public static let requestSeconds = 60
  /// Longest time that a connection may stay without a request, in seconds.
  public static let idleSeconds = 75
  /// Longest time that requests in flight are given after SIGTERM, in seconds.
  public static let drainSeconds = 10

  /// How long input is discarded after the last response of a connection before the connection is closed.
  static let lingerSeconds = 2
  /// How often the timeouts of a connection are checked.
  static let timeoutTickSeconds = 1
  /// Shortest time between two warnings that no more connections can be accepted.
  static let acceptWarningSeconds = 60

  // MARK: Connections and files

  /// Most connections at once, of both listeners together; further ones wait in the operating system's backlog. A
  /// process that may open fewer files takes fewer.
  public static let connectionsMax = 8_192
  /// Fewest connections that must be possible for a server to start.
  public static let connectionsMin = 8
  /// Number of open files that a server asks the operating system for, where that would allow fewer.
  public static let openFilesWanted = connectionsMax + 2_048
  /// Descriptors that are reserved for the database, key files and fetches of keys.
  public static let descriptorsReserved = 32
  /// Descriptors that are reserved for each event loop: its connections to the database, and the client that fetches
  /// keys.
  public static let descriptorsReservedPerLoop = 4
  /// Pause before accepting is tried again after the system gave no descriptor, in seconds.
  public static let acceptRetrySeconds = 1

  // MARK: Parts of a request

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

  // MARK: A response

  /// Longest body that is copied behind its header section, in bytes; a longer one is written separately. Refuses
  /// nothing.
  static let joinedBodyBytesMax = 32 << 10
  /// Chunks of a generated body are joined until they have this many bytes. Refuses nothing.
  static let responseChunkBytes = 32 << 10
}
