public import OData

/// Which entities of a list are wanted, in which order, and how many of them.
public struct ListQuery: Sendable {
  let filter: Expression?
  let search: SearchExpression?
  /// nil for the order that the list has by itself.
  let ordering: Ordering?
  let skip: Int
  let limit: Int
  let countsAll: Bool
  /// The place of the last entity of the page before; nil for the first page.
  let after: KeysetPosition?
  /// Whether anybody still waits for the list; nil where nobody can leave.
  let cancellation: RequestCancellation?
  /// How much work the query is for each byte of an entity.
  let weight: Int

  /// What `options` ask for, in a page of at most `limit` entities that follow `after`. Skipping and counting are for
  /// the first page. The work ends early when `cancellation` says that nobody waits for it any more.
  public init(
    _ options: QueryOptions, limit: Int, after: KeysetPosition? = nil, cancellation: RequestCancellation? = nil
  ) {
    filter = options.filter
    search = options.search
    ordering = options.ordering
    self.cancellation = cancellation
    weight =
      1 + (options.filter?.estimatedCost ?? 0) + (options.search?.estimatedCost ?? 0)
      + (options.ordering?.estimatedCost ?? 0)
    skip = after == nil ? options.skip ?? 0 : 0
    countsAll = after == nil && options.countsAll
    self.limit = limit
    self.after = after
  }

  private init(counting query: ListQuery) {
    filter = query.filter
    search = query.search
    ordering = nil
    skip = 0
    limit = 0
    countsAll = true
    after = nil
    cancellation = query.cancellation
    weight = query.weight
  }

  /// The same entities, of which only the number is wanted.
  public var counting: ListQuery { ListQuery(counting: self) }

  /// Whether entities need to be looked at to be listed.
  var looksInside: Bool { filter != nil || search != nil || ordering != nil }
  /// Whether entities are left out by what they hold.
  var isSelective: Bool { filter != nil || search != nil }
}
