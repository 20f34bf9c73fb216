/// Every bound of the server, named in one place; each has a test at its edge.
///
/// Names end in their unit. A request that exceeds a bound is answered with a 4xx and changes nothing.
public enum Limits {
  // MARK: A request

  /// Longest request body, before and after inflation, in bytes.
  public static let bodyBytesMax = 1 << 20
  /// Longest request target, in bytes.
  public static let urlBytesMax = 8 << 10
  /// Longest header section, in bytes.
  public static let headerBytesMax = 32 << 10
  /// Most header fields of one request.
  public static let headerCountMax = 200
  /// Deepest nesting of arrays and objects in a JSON body.
  public static let jsonDepthMax = 64
  /// Longest client-request-id that is echoed, in bytes; a longer one is replaced.
  public static let clientRequestIDBytesMax = 128

  // MARK: A query

  /// Deepest nesting of an expression.
  public static let expressionDepthMax = 100
  /// Most parts of one expression, after parameter aliases are put in.
  public static let expressionNodesMax = 800
  /// Most that the functions of an expression look at for one entity, in bytes; for a pattern, times its steps.
  public static let expressionWorkMax = 4 << 20
  /// Most steps of a pattern, repetitions written out.
  public static let patternStepsMax = 200
  /// Most parameter aliases of one query.
  public static let aliasesMax = 16
  /// Most words and phrases of one search.
  public static let searchTermsMax = 64
  /// Most keys to order by.
  public static let orderKeysMax = 8
  /// Texts are ordered by this many of their bytes.
  public static let orderTextBytesMax = 128
  /// Largest number of entities that a query can skip or ask for; larger ones count as this one.
  public static let skipMax = 1_000_000_000

  /// Entities of a page unless another size is asked for.
  public static let pageSizeDefault = 100
  /// Most entities of a page.
  public static let pageSizeMax = 999
  /// Most that a sorted list can skip: what is skipped has to be sorted too.
  public static let sortedSkipMax = 1_000
  /// Most that one page holds before it ends, in bytes of stored JSON; it may exceed this by one entity.
  public static let answerBytesMax = 2 << 20
  /// Most content of a page that is kept while the page is put together, in bytes of stored JSON; it may exceed this by
  /// one entity. The rest is read again when it is sent.
  public static let keptBytesMax = 128 << 10
  /// How much of a page that was not kept is read at once, in bytes of stored JSON; it may exceed this by one entity.
  public static let listPieceBytes = 32 << 10
  /// Longest URL of a list with options, in bytes: its link to the next page must not be longer than a URL may be.
  public static let listURLBytesMax = 5 << 10

  /// Longest time that a query looks into entities before others have their turn, in microseconds; it may exceed this by
  /// one entity. On an event loop a list has this once, and goes on elsewhere.
  public static let evaluationSliceMicroseconds = 2_000
  /// Most work that one entity may be for an event loop, in bytes of stored JSON times the parts of the query.
  public static let loopWorkMax = 512 << 10
  /// Most long queries of one caller that wait for the one under way; further ones are refused with 429.
  public static let evaluationsWaitingMax = 64
  /// Most callers that have a long query under way; others wait until one of these is answered.
  public static let evaluationsActiveMax = 64
  /// Seconds after which a client that was refused with 429 may try again.
  public static let evaluationRetrySeconds = 2

  // MARK: A write

  /// Longest time that an `Idempotency-Key` is remembered.
  public static let receiptSeconds = 24 * 3_600
  /// Longest `Idempotency-Key`, in bytes.
  public static let idempotencyKeyBytesMax = 255

  // MARK: A batch

  /// Most requests of one batch unless `--batch-size` says otherwise; Graph's own limit.
  public static let batchRequestsDefault = 20
  /// Most that `--batch-size` can allow.
  public static let batchRequestsMax = 1_000
  /// Most that the answers of one batch hold before further requests in it are refused, in bytes.
  public static let batchAnswerBytesMax = 8 << 20

  // MARK: A value

  /// Longest string property, in bytes of UTF-8.
  public static let stringBytesMax = 64 << 10
  /// Most elements of a collection property.
  public static let collectionElementsMax = 1_000
  /// Most members that an open type may hold beside its declared ones.
  public static let dynamicMembersMax = 16
  /// Longest id of a user or an item, in bytes of UTF-8.
  public static let idBytesMax = 256
  /// Longest user principal name, in bytes of UTF-8.
  public static let userPrincipalNameBytesMax = 1_024
  /// Longest mail address of a person, as it is or as it is compared: it is the key of an index.
  public static let mailBytesMax = 1_024

  // MARK: A person

  /// Most items in one collection of one person.
  public static let itemsPerCollectionMax = 1_000
  /// Most that one person may hold in all, in bytes of stored items.
  public static let personBytesMax = 16 << 20

  /// Most groups that one person can be a member of: each is looked at when somebody asks for their items.
  public static let groupsPerPersonMax = 1_000
  /// Most members that one write of a group adds (as on Graph).
  public static let membersAddedMax = 20

  // MARK: A connection

  /// Most connections at once, of both listeners together; further ones wait in the operating system's backlog. A process
  /// that may open fewer files holds fewer.
  public static let connectionsMax = 8_192
  /// Most bytes of answers that one connection may have waiting to be sent; at this bound it is closed. Answers are made
  /// no faster than their client takes them, so that only a fault of this server reaches it.
  public static let unsentBytesMax = 256 << 10
  /// Most bytes that are written to a connection before it is found out whether its client takes them.
  public static let writeBytesMax = 64 << 10
  /// Most bytes that all connections together may keep waiting: answers that are not sent, bodies that are not complete,
  /// and requests that are not parsed. At this bound the connection that has been longest without progress is closed.
  public static let connectionBytesMax = 128 << 20
  /// Most bytes of requests that wait behind the one in flight.
  public static let pipelinedBytesMax = 256 << 10
  /// Fewest connections that must be possible for a server to start.
  public static let connectionsMin = 8
  /// Files and connections that a server asks the system for, when that would give fewer.
  public static let openFilesWanted = connectionsMax + 2_048
  /// Descriptors that are left for the database, key files and fetches of keys.
  public static let descriptorsReserved = 32
  /// The same for each event loop: its connections to the database, and the client's loop that fetches keys.
  public static let descriptorsReservedPerLoop = 4
  /// Pause before accepting is tried again after the system gave no descriptor.
  public static let acceptRetrySeconds = 1
  /// Longest time from the first byte of a header section to its end.
  public static let headerSeconds = 10
  /// Longest pause between two pieces of a request body.
  public static let bodyPauseSeconds = 10
  /// Longest time for a whole request to arrive.
  public static let requestSeconds = 60
  /// Longest time a connection may stay without a request.
  public static let idleSeconds = 75
  /// Longest time that requests under way are given after SIGTERM.
  public static let drainSeconds = 10

  // MARK: The store

  /// Most rows that a read finishes on the event loop.
  public static let loopRowsMax = 64
  /// Most that one page of a read holds before it ends, in bytes of stored JSON; it may exceed this by one row.
  public static let pageBytesMax = 256 << 10
  /// Most rows that a reader thread reads at once; no transaction is open between two pieces.
  public static let pieceRowsMax = 256
  /// Most writes that share one transaction.
  public static let groupWritesMax = 256
  /// Most writes that may wait for the writer; beyond it new ones are refused with 503.
  public static let queuedWritesMax = 20_000
  /// Longest line of an import file, in bytes.
  public static let importLineBytesMax = 4 << 20

  /// Most tenants whose being there one event loop remembers.
  public static let rememberedTenantsMax = 10_000

  // MARK: A form

  /// Longest form that the token endpoint reads, in bytes.
  public static let formBytesMax = 64 << 10
  /// Most parameters of a form or a query of the authority.
  public static let formParametersMax = 64
}
