import OData

/// Fills one page from entities that come in the list's own order: leaves out what is not asked for, sorts, skips.
///
/// It keeps the place and key of what is on the page and of what is skipped before it, and of their content no more than
/// `Limits.keptBytesMax` bytes at its beginning.
struct PageBuilder<Element: ListedEntity>: Sendable {
  /// What is on the page, perhaps without its content.
  private struct Entry: Sendable {
    let place: KeysetPosition
    let reference: ListReference
    var element: Element?
  }

  let query: ListQuery
  private let now: DateTimeOffset
  /// Whether entities come in the order that is asked for.
  private let isInOrder: Bool
  /// Whether content that is not kept can be read again.
  private let canReadAgain: Bool
  /// Sorted, if they come in another.
  private var kept: [Entry] = []
  private var keptBytes = 0
  private var matches = 0
  private var skipped = 0

  /// An empty page. Of a list whose entities cannot be read again one by one (`canReadAgain` is false) all content is
  /// kept, and the page ends at `Limits.keptBytesMax` bytes.
  init(_ query: ListQuery, isInOrder: Bool, canReadAgain: Bool = true, now: DateTimeOffset) {
    self.query = query
    self.isInOrder = isInOrder
    self.canReadAgain = canReadAgain
    self.now = now
  }

  /// Whether nothing that could still come would change the page.
  var isFull: Bool { isInOrder && kept.count > query.limit && !(query.countsAll && query.isSelective) }

  /// Puts an entity on the page if it belongs there.
  mutating func take(_ element: Element) throws(ProfileError) {
    guard query.looksInside else { return append(element, element.defaultPlace) }
    guard let value = element.value else { throw .store(.damaged("A stored entity is not of its type.")) }
    do throws(EvaluationError) {
      guard try satisfies(value, element) else { return }
      matches += 1
      guard let ordering = query.ordering else { return append(element, element.defaultPlace) }
      let place = try ordering.position(of: value, id: element.listedID, now: now)
      if isInOrder { append(element, place) } else { insert(element, at: place, ordering) }
    } catch {
      throw .evaluation(error)
    }
  }

  private func satisfies(_ value: StructuredValue, _ element: Element) throws(EvaluationError) -> Bool {
    if let search = query.search, !search.matches(value, of: element.listedType) { return false }
    return try query.filter?.isSatisfied(by: value, now: now) ?? true
  }

  private mutating func append(_ element: Element, _ place: KeysetPosition) {
    if skipped < query.skip {
      skipped += 1
    } else if kept.count <= query.limit {
      let keeps = !canReadAgain || keptBytes < Limits.keptBytesMax
      kept.append(entry(element, place, keeps: keeps))
      if keeps { keptBytes += element.json.count }
    }
  }

  private mutating func insert(_ element: Element, at place: KeysetPosition, _ ordering: Ordering) {
    if let after = query.after, !ordering.precedes(after, place) { return }
    let capacity = query.skip + query.limit + 1
    if kept.count == capacity, let last = kept.last, !ordering.precedes(place, last.place) { return }
    var (low, high) = (0, kept.count)
    while low < high {
      let middle = (low + high) / 2
      if ordering.precedes(kept[middle].place, place) { low = middle + 1 } else { high = middle }
    }
    kept.insert(entry(element, place, keeps: true), at: low)
    keptBytes += element.json.count
    if kept.count > capacity { keptBytes -= kept.removeLast().element?.json.count ?? 0 }
    // Twice as much as is kept in the end, so that each byte is looked at a few times at the most.
    if canReadAgain, keptBytes > 2 * Limits.keptBytesMax { letGo() }
  }

  private func entry(_ element: Element, _ place: KeysetPosition, keeps: Bool) -> Entry {
    Entry(
      place: place, reference: ListReference(id: element.listedID, bytes: element.json.count),
      element: keeps ? element : nil)
  }

  /// Lets go of the content behind the beginning of the page, and of what is skipped.
  private mutating func letGo() {
    keptBytes = 0
    for index in kept.indices {
      guard let element = kept[index].element else { continue }
      if index < query.skip || keptBytes >= Limits.keptBytesMax {
        kept[index].element = nil
      } else {
        keptBytes += element.json.count
      }
    }
  }

  /// The page; it ends early when it holds `Limits.answerBytesMax` bytes. `total` is the number of all entities of a
  /// list that leaves none out; `read` reads again what was not kept.
  func listing(total: Int?, read: @escaping PageRemainder<Element>.Read) -> Listing<Element> {
    let candidates = isInOrder ? kept[...] : kept.dropFirst(query.skip)
    let bytesMax = canReadAgain ? Limits.answerBytesMax : Limits.keptBytesMax
    var bytes = 0
    let page = candidates.prefix(query.limit).prefix { entry in
      defer { bytes += entry.reference.bytes }
      return bytes < bytesMax
    }
    var beginningBytes = 0
    let beginning = page.prefix { entry in
      defer { beginningBytes += entry.reference.bytes }
      return entry.element != nil && (beginningBytes < Limits.keptBytesMax || !canReadAgain)
    }
    let rest = page[beginning.endIndex...].map(\.reference)
    return Listing(
      elements: beginning.compactMap(\.element), rest: rest.isEmpty ? nil : PageRemainder(rest[...], read: read),
      count: query.countsAll ? query.isSelective ? matches : total : nil,
      next: page.count == candidates.count ? nil : page.last?.place)
  }
}
