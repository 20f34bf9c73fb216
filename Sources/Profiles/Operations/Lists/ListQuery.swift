public import OData
import Synchronization

/// Which entities of a list are wanted, in which order, and how many of them.
public struct ListQuery: Sendable {
  let filter: Expression?
  private(set) var search: SearchExpression?
  /// nil for the list's own order.
  let ordering: Ordering?
  let skip: Int
  let limit: Int
  let countsAll: Bool
  /// The position of the last entity of the page before; nil for the first page.
  let after: KeysetPosition?
  /// Tells whether the client still waits for the list; nil where no client can leave.
  let cancellation: RequestCancellation?
  /// The work that the query is for each byte of an entity.
  let weight: Int

  /// The query that `options` ask for, for a page of at most `limit` entities that follow `after`. Skipping and
  /// counting apply to the first page only. Work ends early once `cancellation` says that the client has left.
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

  /// The query for the number of the same entities, without the entities.
  public var counting: ListQuery { ListQuery(counting: self) }

  /// The query without its search, for lists that are searched before they are evaluated.
  var withoutSearch: ListQuery {
    var query = self
    query.search = nil
    return query
  }

  /// Whether entities have to be evaluated to be listed.
  var evaluatesEntities: Bool { filter != nil || search != nil || ordering != nil }
  /// Whether entities are left out by what they hold.
  var isSelective: Bool { filter != nil || search != nil }
  /// Whether the query may depend on one of these properties, by their indices. A search looks at all of them.
  func reads(_ properties: Set<Int>) -> Bool {
    guard !properties.isEmpty else { return false }
    return search != nil || filter?.reads(properties) == true
      || ordering?.keys.contains { $0.expression.reads(properties) } == true
  }

  /// The number of rows that the first read of the list asks for.
  var firstRows: Int { evaluatesEntities ? Limits.loopRowsMax : min(pageRows, Limits.loopRowsMax) }

  /// The number of rows that the first read of a list of items asks for. `isNarrowed` tells whether the store leaves out most
  /// of what the filter leaves out, so that it need not read on.
  func firstRows(of reads: ListReads, isNarrowed: Bool) -> Int {
    let readsOn = evaluatesEntities && (!isNarrowed || search != nil || ordering != nil || countsAll)
    return readsOn ? reads.firstRows : min(pageRows, reads.firstRows)
  }

  /// What a page needs, with one more entity that tells whether another page follows.
  private var pageRows: Int { skip + limit + 1 }
}

/// Tells long work that its client has left. Work checks it between two slices and then ends. There is one for each
/// connection, set on its event loop and read on any thread.
public final class RequestCancellation: Sendable {
  private let flag = Atomic(false)

  /// The cancellation of a connection whose client is connected.
  public init() {}

  /// Whether the client has left.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Notes that the client has left, for good.
  public func cancel() { flag.store(true, ordering: .relaxed) }
}
