import OData

/// Lists that are in memory.
extension ListScan where Element == VisibleObject, Cursor == KeysetPosition {
  /// Lists what `elements` gives, which come in the order of their positions, as far as a query asks for them. With `heavy`,
  /// the caller's turn in the queue of long queries is awaited before `elements` is called. Fails with `skipTooLarge` when a
  /// sorted list would skip more than `Limits.sortedSkipMax` entities.
  static func run(
    _ context: SessionContext, _ query: ListQuery, for caller: Caller, heavy: Bool = false,
    _ elements: @escaping (@escaping Completion<[VisibleObject]>) -> Void,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    guard query.ordering == nil || query.skip <= Limits.sortedSkipMax else { return then(.failure(.skipTooLarge)) }
    let isInOrder = query.ordering == nil
    var count = 0
    let builder = PageBuilder<VisibleObject>(
      query, isInOrder: isInOrder, canReadAgain: false, now: context.environment.now())
    let scan = ListScan(
      context, for: caller, builder,
      read: { position, _, then in
        elements { found in
          then(
            found.map { found in
              count = found.count
              return (found.following(position), nil)
            })
        }
      }
    ) { builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(countAll: { $0(.success(count)) }, readAgain: { $1(.success([])) }, then)
      }
    }
    scan.run(after: isInOrder ? query.after : nil, rows: query.firstRows, heavy: heavy)
  }
}

extension [VisibleObject] {
  /// The elements in the order of their positions.
  var inOrder: [VisibleObject] {
    sorted { $0.position.utf8.lexicographicallyPrecedes($1.position.utf8) }
  }

  /// The elements whose positions come after the last one of the page before.
  fileprivate func following(_ position: KeysetPosition?) -> [VisibleObject] {
    guard let position else { return self }
    return filter { position.id.lexicographicallyPrecedes($0.position.utf8) }
  }
}
