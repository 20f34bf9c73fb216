import OData

/// Builds one page from entities that come in the list's own order: evaluates the filter, sorts, skips.
///
/// It keeps the position and key of every entity that is on the page or skipped before it, and their content up to
/// `Limits.keptBytesMax` bytes from the beginning of the page.
struct PageBuilder<Element: ListedEntity>: Sendable {
  /// An entity on the page.
  private enum Entry: Sendable {
    /// With its content. The position is nil in the list's own order, where the content gives it.
    case whole(Element, KeysetPosition?)
    /// Without its content.
    case dropped(ListReference, KeysetPosition)

    var element: Element? {
      if case .whole(let element, _) = self { element } else { nil }
    }

    var position: KeysetPosition {
      switch self {
      case .whole(let element, let position): position ?? element.defaultPosition
      case .dropped(_, let position): position
      }
    }

    var reference: ListReference {
      switch self {
      case .whole(let element, _): ListReference(id: element.listedID, bytes: element.json.count)
      case .dropped(let reference, _): reference
      }
    }

    /// The length of the content, kept or not.
    var bytes: Int {
      switch self {
      case .whole(let element, _): element.json.count
      case .dropped(let reference, _): reference.bytes
      }
    }

    /// The entity without its content.
    var dropped: Entry { .dropped(reference, position) }
  }

  let query: ListQuery
  private let now: DateTimeOffset
  /// Whether entities come in the order that the query asks for.
  private let isInOrder: Bool
  /// Whether entities come in the order of the first sort key.
  private let isByFirstKey: Bool
  /// Whether content that is not kept can be read again.
  private let canReadAgain: Bool
  /// Sorted, if entities come in another order.
  private var kept: [Entry] = []
  private var keptBytes = 0
  private var matches = 0
  private var skipped = 0
  /// Whether the first sort key of what comes is beyond that of a full page.
  private var isPastEnd = false

  /// An empty page. Where entities cannot be read again one by one (`canReadAgain` is false), all content is kept, and
  /// the page ends at `Limits.keptBytesMax` bytes.
  init(
    _ query: ListQuery, isInOrder: Bool, isByFirstKey: Bool = false, canReadAgain: Bool = true, now: DateTimeOffset
  ) {
    self.query = query
    self.isInOrder = isInOrder
    self.isByFirstKey = isByFirstKey
    self.canReadAgain = canReadAgain
    self.now = now
  }

  /// Whether no further entity could change the page.
  var isFull: Bool {
    (isInOrder && kept.count > query.limit || isPastEnd) && !(query.countsAll && query.isSelective)
  }

  /// Puts entities on the page until it is full, for a query that evaluates none.
  mutating func takeUnevaluated(_ elements: ArraySlice<Element>) {
    kept.reserveCapacity(kept.count + min(elements.count, query.limit + 1))
    for index in elements.indices {
      guard !isFull else { return }
      append(elements[index], nil)
    }
  }

  /// Puts an entity on the page if it belongs there.
  mutating func take(_ element: Element) throws(ProfileError) {
    guard query.evaluatesEntities else { return append(element, nil) }
    guard let value = element.listedValue else { throw .store(.damaged("A stored entity is not of its type.")) }
    do throws(EvaluationError) {
      guard try satisfies(value, element) else { return }
      matches += 1
      guard let ordering = query.ordering else { return append(element, nil) }
      let position = try ordering.position(of: value, id: element.listedID, now: now)
      if isInOrder { append(element, position) } else { insert(element, at: position, ordering) }
    } catch {
      throw .evaluation(error)
    }
  }

  private func satisfies(_ value: StructuredValue, _ element: Element) throws(EvaluationError) -> Bool {
    if let search = query.search, !search.matches(value, of: element.listedType) { return false }
    return try query.filter?.isSatisfied(by: value, now: now) ?? true
  }

  private mutating func append(_ element: Element, _ position: KeysetPosition?) {
    if skipped < query.skip {
      skipped += 1
    } else if kept.count <= query.limit {
      let entry = Entry.whole(element, position)
      let keeps = !canReadAgain || keptBytes < Limits.keptBytesMax
      kept.append(keeps ? entry : entry.dropped)
      if keeps { keptBytes += element.json.count }
    }
  }

  private mutating func insert(_ element: Element, at position: KeysetPosition, _ ordering: Ordering) {
    if let after = query.after, !ordering.precedes(after, position) { return }
    let capacity = query.skip + query.limit + 1
    if kept.count == capacity, let last = kept.last, !ordering.precedes(position, last.position) {
      isPastEnd = isByFirstKey && ordering.precedesByFirstKey(last.position, position)
      return
    }
    var (low, high) = (0, kept.count)
    while low < high {
      let middle = (low + high) / 2
      if ordering.precedes(kept[middle].position, position) { low = middle + 1 } else { high = middle }
    }
    kept.insert(.whole(element, position), at: low)
    keptBytes += element.json.count
    if kept.count > capacity { keptBytes -= kept.removeLast().element?.json.count ?? 0 }
    // At twice the bound, so that each entity is visited only a few times.
    if canReadAgain, keptBytes > 2 * Limits.keptBytesMax { dropContent() }
  }

  /// Drops the content of what is skipped, and of the page beyond what may be kept.
  private mutating func dropContent() {
    keptBytes = 0
    for index in kept.indices {
      guard let element = kept[index].element else { continue }
      if index < query.skip || keptBytes >= Limits.keptBytesMax {
        kept[index] = kept[index].dropped
      } else {
        keptBytes += element.json.count
      }
    }
  }

  /// Finishes the page, which ends early when it holds `Limits.answerBytesMax` bytes. Calls `countAll` for the length
  /// of the list where the query asks for it and leaves no entity out. `readAgain` reads content that was not kept, in
  /// pieces of `pieceBytes`.
  func finish(
    pieceBytes: Int = Limits.listPieceBytes,
    countAll: (@escaping (Result<Int, StoreError>) -> Void) -> Void,
    readAgain: @escaping PageRemainder<Element>.Read, _ then: @escaping Completion<Listing<Element>>
  ) {
    guard query.countsAll, !query.isSelective else {
      return then(.success(listing(total: nil, pieceBytes, read: readAgain)))
    }
    countAll { total in
      then(total.map { listing(total: $0, pieceBytes, read: readAgain) }.mapError(ProfileError.store))
    }
  }

  private func listing(
    total: Int?, _ pieceBytes: Int, read: @escaping PageRemainder<Element>.Read
  ) -> Listing<Element> {
    let candidates = isInOrder ? kept[...] : kept.dropFirst(query.skip)
    let bytesMax = canReadAgain ? Limits.answerBytesMax : Limits.keptBytesMax
    var (bytes, end) = (0, candidates.startIndex)
    var (beginning, rest): ([Element], [ListReference]) = ([], [])
    beginning.reserveCapacity(min(candidates.count, query.limit))
    while end < candidates.endIndex, end - candidates.startIndex < query.limit, bytes < bytesMax {
      let entry = candidates[end]
      if rest.isEmpty, let element = entry.element, bytes < Limits.keptBytesMax || !canReadAgain {
        beginning.append(element)
      } else {
        rest.append(entry.reference)
      }
      bytes += entry.bytes
      end += 1
    }
    return Listing(
      elements: beginning, rest: rest.isEmpty ? nil : PageRemainder(rest[...], pieceBytes: pieceBytes, read: read),
      count: query.countsAll ? query.isSelective ? matches : total : nil,
      next: end == candidates.endIndex ? nil : candidates[..<end].last?.position)
  }
}
