import OData

/// Which items of a collection a read asks for.
public struct ItemSelection: Sendable {
  /// The position after which the read begins; nil for the beginning of the collection.
  public let position: ItemPosition?
  /// Most items that the read gives.
  public let limit: Int
  /// What the items must satisfy; nil for all items. A store may also give items that do not satisfy it: the query is
  /// evaluated on every item that it gives.
  public let condition: ItemCondition?
  /// What the reader expects to be visible.
  public let expected: ExpectedAudiences

  /// The first `limit` items after `position` that satisfy `condition`.
  public init(
    after position: ItemPosition? = nil, limit: Int, where condition: ItemCondition? = nil,
    expecting expected: ExpectedAudiences = .unknown
  ) {
    self.position = position
    self.limit = limit
    self.condition = condition
    self.expected = expected
  }
}

/// The audiences that an earlier read of the same request found visible. A store that decides in one round trip and reads in
/// another may begin with them, and decides anew when they turn out to be others by now. They grant nothing.
public enum ExpectedAudiences: Equatable, Sendable {
  /// There was no earlier read: nothing may be read of the person before the store has decided.
  case unknown
  /// Every item.
  case all
  /// The items for any of these audiences.
  case some(Audience)

  /// What `AuthorizationContext.audiences` gave: nil for every item.
  public init(_ audiences: Audience?) { self = audiences.map(ExpectedAudiences.some) ?? .all }
}

/// How much of a list one read of a store should ask for. Reads on an event loop are small, so that they bound the time that
/// others wait; where each read is a round trip to a server, one asks for all that a page needs.
public struct ListReads: Sendable {
  /// Most rows of the first read of a list of items.
  public let firstRows: Int
  /// Most rows of each further read.
  public let nextRows: Int
  /// Size of a piece of a page that is read again while it is sent, in bytes of stored JSON.
  public let pieceBytes: Int
  /// Whether the store leaves out items by `ItemSelection.condition`.
  public let areNarrowed: Bool

  /// Reads of a store within this process.
  public static let inProcess = ListReads(
    firstRows: Limits.loopRowsMax, nextRows: Limits.pieceRowsMax, pieceBytes: Limits.listPieceBytes,
    areNarrowed: false)
  /// Reads of a store on another server. Their size is bounded by `Limits.pageBytesMax`.
  public static let overNetwork = ListReads(
    firstRows: Limits.itemsPerCollectionMax, nextRows: Limits.itemsPerCollectionMax, pieceBytes: Limits.keptBytesMax,
    areNarrowed: true)
}
