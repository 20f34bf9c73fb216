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
  let after: OrderPlace?

  /// What `options` ask for, in a page of at most `limit` entities that follow `after`. Skipping and counting are for
  /// the first page.
  public init(_ options: QueryOptions, limit: Int, after: OrderPlace? = nil) {
    filter = options.filter
    search = options.search
    ordering = options.ordering
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
  }

  /// The same entities, of which only the number is wanted.
  public var counting: ListQuery { ListQuery(counting: self) }

  /// Whether entities need to be looked at to be listed.
  var looksInside: Bool { filter != nil || search != nil || ordering != nil }
  /// Whether entities are left out by what they hold.
  var isSelective: Bool { filter != nil || search != nil }
}

/// A page of a list.
public struct Listing<Element: Sendable>: Sendable {
  public let elements: [Element]
  /// How many the list has in all pages, if that was asked for.
  public let count: Int?
  /// The place after which the next page begins; nil at the end of the list.
  public let next: OrderPlace?
}

/// Something that can be listed: only what its caller may see.
protocol ListedEntity: Sendable {
  var listedType: StructuredType { get }
  var value: StructuredValue? { get }
  var json: [UInt8] { get }
  /// The key, by which ties are broken.
  var listedID: String { get }
  /// The place in the order that the list has by itself.
  var defaultPlace: OrderPlace { get }
}

extension VisibleItem: ListedEntity {
  var listedType: StructuredType { type }
  var listedID: String { key.id.text }
  var defaultPlace: OrderPlace { OrderPlace(values: [OrderValue.int(created.ticks)], id: Array(key.id.text.utf8)) }
}

extension VisibleObject: ListedEntity {
  var listedType: StructuredType { type }
  var listedID: String { id }
  var defaultPlace: OrderPlace { OrderPlace(values: [], id: Array(place.utf8)) }
}

/// Fills one page from entities that come in the list's own order: leaves out what is not asked for, sorts, skips.
/// It keeps no more than the page and what is skipped before it.
struct PageFiller<Element: ListedEntity> {
  private let query: ListQuery
  private let now: DateTimeOffset
  /// Whether entities come in the order that is asked for.
  private let isInOrder: Bool
  /// Sorted, if they come in another.
  private var kept: [(place: OrderPlace, element: Element)] = []
  private var matches = 0
  private var skipped = 0

  init(_ query: ListQuery, isInOrder: Bool, now: DateTimeOffset) {
    self.query = query
    self.isInOrder = isInOrder
    self.now = now
  }

  /// Whether nothing that could still come would change the page.
  var isFull: Bool { isInOrder && kept.count > query.limit && !(query.countsAll && query.isSelective) }

  mutating func take(_ element: Element) throws(ProfileError) {
    guard query.looksInside else { return append(element, element.defaultPlace) }
    guard let value = element.value else { throw .store(.damaged("A stored entity is not of its type.")) }
    do throws(EvaluationError) {
      guard try satisfies(value, element) else { return }
      matches += 1
      guard let ordering = query.ordering else { return append(element, element.defaultPlace) }
      let place = try ordering.place(of: value, id: element.listedID, now: now)
      if isInOrder { append(element, place) } else { insert(element, at: place, ordering) }
    } catch {
      throw .evaluation(error)
    }
  }

  private func satisfies(_ value: StructuredValue, _ element: Element) throws(EvaluationError) -> Bool {
    if let search = query.search, !search.matches(value, of: element.listedType) { return false }
    return try query.filter?.isSatisfied(by: value, now: now) ?? true
  }

  private mutating func append(_ element: Element, _ place: OrderPlace) {
    if skipped < query.skip {
      skipped += 1
    } else if kept.count <= query.limit {
      kept.append((place, element))
    }
  }

  private mutating func insert(_ element: Element, at place: OrderPlace, _ ordering: Ordering) {
    if let after = query.after, !ordering.precedes(after, place) { return }
    let capacity = query.skip + query.limit + 1
    if kept.count == capacity, let last = kept.last, !ordering.precedes(place, last.place) { return }
    var (low, high) = (0, kept.count)
    while low < high {
      let middle = (low + high) / 2
      if ordering.precedes(kept[middle].place, place) { low = middle + 1 } else { high = middle }
    }
    kept.insert((place, element), at: low)
    if kept.count > capacity { kept.removeLast() }
  }

  /// The page; it ends early when it holds `Limits.answerBytesMax` bytes. `total` is the number of all entities of a
  /// list that leaves none out.
  func listing(total: Int?) -> Listing<Element> {
    let candidates = isInOrder ? kept[...] : kept.dropFirst(query.skip)
    var page: [Element] = []
    var bytes = 0
    var next: OrderPlace?
    for (place, element) in candidates.prefix(query.limit) {
      if bytes >= Limits.answerBytesMax { break }
      bytes += element.json.count
      page.append(element)
      next = place
    }
    if page.count == candidates.count || page.isEmpty { next = nil }
    return Listing(elements: page, count: query.countsAll ? query.isSelective ? matches : total : nil, next: next)
  }
}

/// Reads a list piece by piece until its page is full. Small pieces come at once; the calls nest no deeper than they do.
final class ListScan<Element: ListedEntity, Cursor> {
  /// What one read gives, and where the next begins; nil at the end.
  typealias Piece = (elements: [Element], next: Cursor?)
  /// Reads at most so many rows from a place on.
  typealias Read = (Cursor?, Int, @escaping (Result<Piece, ProfileError>) -> Void) -> Void

  private var filler: PageFiller<Element>
  private let read: Read
  private let then: (Result<PageFiller<Element>, ProfileError>) -> Void

  init(
    _ filler: PageFiller<Element>, read: @escaping Read,
    _ then: @escaping (Result<PageFiller<Element>, ProfileError>) -> Void
  ) {
    self.filler = filler
    self.read = read
    self.then = then
  }

  /// Starts after `cursor`; the first piece has at most `rows` rows.
  func run(after cursor: Cursor?, rows: Int) {
    read(cursor, rows) { [self] piece in
      do throws(ProfileError) {
        let piece = try piece.get()
        for element in piece.elements where !filler.isFull { try filler.take(element) }
        guard let next = piece.next, !filler.isFull else { return then(.success(filler)) }
        run(after: next, rows: Limits.pieceRowsMax)
      } catch {
        then(.failure(error))
      }
    }
  }
}
