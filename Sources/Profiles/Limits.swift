public import OData

/// The bounds that the profile domain enforces, and those of the store's contract, which every store keeps.
extension Limits {
  // MARK: A person

  /// Most items in one collection of one person.
  public static let itemsPerCollectionMax = 1_000
  /// Most that one person may hold in all, in bytes of stored items.
  public static let personBytesMax = 16 << 20
  /// Most groups that one person can be a member of: each is looked up when somebody asks for the person's items.
  public static let groupsPerPersonMax = 1_000
  /// Longest id of a user or an item, in bytes of UTF-8.
  public static let idBytesMax = 256
  /// Most managers above one person, each of whom is looked up when one is set.
  public static let managersAboveMax = 100
  /// Most managers above each person that an expansion shows.
  public static let managerLevelsMax = 20
  /// Most people below one person who are counted.
  public static let transitiveReportsMax = 100_000
  /// Longest user principal name, in bytes of UTF-8.
  public static let userPrincipalNameBytesMax = 1_024
  /// Longest mail address of a person, in bytes, as it is and as it is compared: it is the key of an index.
  public static let mailBytesMax = 1_024

  // MARK: A list

  /// Most entities that a sorted list can skip: they have to be sorted too.
  public static let sortedSkipMax = 1_000
  /// Most that one page holds before it ends, in bytes of stored JSON. A page may exceed this by one entity.
  public static let answerBytesMax = 2 << 20
  /// Most content of a page that is kept while the page is built, in bytes of stored JSON. It may be exceeded by one
  /// entity. The rest is read again when it is sent.
  public static let keptBytesMax = 128 << 10
  /// Size of a piece of a page that was not kept and is read again on an event loop, in bytes of stored JSON. It may be
  /// exceeded by one entity. Of a store on another server a piece has `keptBytesMax`.
  public static let listPieceBytes = 32 << 10

  // MARK: Long queries

  /// Longest time that a query is evaluated before others have their turn, in microseconds. It may be exceeded by one
  /// entity. On an event loop a list has this time once, then continues elsewhere.
  public static let evaluationSliceMicroseconds = 2_000
  /// Most work that one entity may be for an event loop, in bytes of stored JSON times the parts of the query.
  public static let loopWorkMax = 512 << 10
  /// Most long queries of one caller that wait for the running one; further ones are refused with 429.
  public static let evaluationsWaitingMax = 64
  /// Most callers that have a long query running; others wait until one of these is answered.
  public static let evaluationsActiveMax = 64

  // MARK: A session

  /// Most tenants that one event loop remembers to exist.
  public static let rememberedTenantsMax = 10_000

  // MARK: Reads of a store

  /// Most rows that a read finishes on the event loop.
  public static let loopRowsMax = 64
  /// Most that one page of a read holds before it ends, in bytes of stored JSON. It may be exceeded by one row.
  public static let pageBytesMax = 256 << 10
  /// Most rows that one read asks for away from the event loop. No transaction is open between two reads.
  public static let pieceRowsMax = 256
  /// Deepest nesting of a condition on people that is passed on to a store, whose own parser may refuse more.
  public static let selectionDepthMax = 10
  /// Most parts of one condition on people that are passed on to a store.
  public static let selectionPartsMax = 100
  /// Most text of a property of one person that is searched by an index, in bytes. With more, the person is evaluated in
  /// every search.
  public static let searchedTextBytesMax = 4 << 10
  /// Most tokens of a text by which an index is searched.
  public static let searchedTokensMax = 24
  /// Longest item that a store leaves out by a condition on its JSON, in bytes. No longer one can be too much work for the
  /// evaluation of the functions that `narrowedCallsMax` permits.
  public static let narrowedItemBytesMax = 64 << 10
  /// Most functions that a filter calls before the part that a store checks. Each examines an item and a literal, which is a
  /// part of a URL.
  public static let narrowedCallsMax = 16
  /// Most texts that an item must contain, each of them, to be read for a filter.
  public static let narrowedPartsMax = 2
  /// Most texts of which an item must contain one to be read for a filter.
  public static let narrowedAlternativesMax = 4
  /// Longest beginning of such a text that is searched for, in bytes.
  public static let narrowedPartBytesMax = 64

  // MARK: Writes of a store

  /// Most writes that share one transaction.
  public static let groupWritesMax = 256
  /// Most writes that may wait for the writer; further ones are refused with 503.
  public static let queuedWritesMax = 20_000
  /// Longest time that an `Idempotency-Key` is remembered, in seconds.
  public static let receiptSeconds = 24 * 3_600

  // MARK: An import

  /// Longest line of an import file, in bytes.
  public static let importLineBytesMax = 4 << 20
}
