import OData

/// Lists whose own order is that of their keys.
extension ListScan where Element == VisibleObject, Cursor == KeysetPosition {
  /// Reads a list in the order of its keys, and sorts what it finds where the query asks for another order. Fails with
  /// `skipTooLarge` when a sorted list would skip more than `Limits.sortedSkipMax` entities.
  static func runInKeyOrder(
    _ context: SessionContext, _ query: ListQuery, for caller: Caller, canReadAgain: Bool = true, read: @escaping Read,
    then: @escaping Completion<PageBuilder<Element>>
  ) {
    guard query.ordering == nil || query.skip <= Limits.sortedSkipMax else { return then(.failure(.skipTooLarge)) }
    let isInOrder = query.ordering == nil
    let builder = PageBuilder<VisibleObject>(
      query, isInOrder: isInOrder, canReadAgain: canReadAgain, now: context.environment.now())
    ListScan(context, for: caller, builder, read: read, then)
      .run(after: isInOrder ? query.after : nil, rows: query.firstRows)
  }

  /// The part of a stored page that the caller sees, and where the next page begins.
  static func piece<Row: Sendable>(
    _ page: Result<StoredPage<Row>, StoreError>, id: (Row) -> String, _ visible: (Row) -> VisibleObject?
  ) -> Result<Piece, ProfileError> {
    page.mapError(ProfileError.store).map { page in
      let last = page.isLast ? nil : page.elements.last.map { KeysetPosition(id: id($0)) }
      return (page.elements.compactMap(visible), last)
    }
  }
}

extension KeysetPosition {
  /// The position of the entity with this key in a list that is ordered by its keys alone.
  init(id: String) { self.init(values: [], id: Array(id.utf8)) }

  /// The key of the entity at this position.
  var idText: String { String(decoding: id, as: UTF8.self) }
}
