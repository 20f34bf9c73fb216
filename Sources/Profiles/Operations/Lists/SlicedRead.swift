import OData

/// Reads things one by one, a few in each snapshot of the store, and lets other work of the session's thread come between.
enum SlicedRead {
  /// Reads what these keys name, and gives those that exist in their order. Fails with what `check` throws of those that
  /// were found so far.
  static func run<Key, Element>(
    _ context: SessionContext, _ keys: [Key],
    read: @escaping (Key, @escaping (Result<Element?, StoreError>) -> Void) -> Void,
    check: @escaping ([Element]) throws(ProfileError) -> Void = { _ in },
    _ then: @escaping Completion<[Element]>
  ) {
    run(context, keys[...], [], read, check, then)
  }

  private static func run<Key, Element>(
    _ context: SessionContext, _ keys: ArraySlice<Key>, _ found: [Element],
    _ read: @escaping (Key, @escaping (Result<Element?, StoreError>) -> Void) -> Void,
    _ check: @escaping ([Element]) throws(ProfileError) -> Void, _ then: @escaping Completion<[Element]>
  ) {
    let piece = keys.prefix(Limits.loopRowsMax)
    guard !piece.isEmpty else { return then(.success(found)) }
    let rest = keys.dropFirst(piece.count)
    let take: (Result<[Element], StoreError>) -> Void = { elements in
      elements.onSuccess(orFail: then) { elements in
        let found = found + elements
        do throws(ProfileError) { try check(found) } catch { return then(.failure(error)) }
        guard !rest.isEmpty else { return then(.success(found)) }
        context.afterOthers { run(context, rest, found, read, check, then) }
      }
    }
    ResultCollector.read(piece, from: context.reader, take, each: read)
  }
}

/// A list of things whose ids are known, in the order of these.
struct LinkedList {
  /// Reads the thing with an id as far as the caller sees it.
  typealias Read = (String, @escaping (Result<VisibleObject?, StoreError>) -> Void) -> Void

  private let context: SessionContext
  private let ids: [String]
  private let read: Read

  /// A list of the things that `read` finds for these ids, which are in the order of their bytes.
  init(_ context: SessionContext, _ ids: [String], _ read: @escaping Read) {
    self.context = context
    self.ids = ids
    self.read = read
  }

  /// Reads one page of the list.
  func list(_ query: ListQuery, for caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    ListScan.runInKeyOrder(context, query, for: caller) { [self] position, rows, then in
      piece(after: position?.idText, rows, then)
    } then: { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(countAll: count, readAgain: { [self] references, then in readAgain(references, then) }, then)
      }
    }
  }

  private func piece(
    after: String?, _ rows: Int, _ then: @escaping Completion<ListScan<VisibleObject, KeysetPosition>.Piece>
  ) {
    let rest = ids.drop { id in after.map { !$0.utf8.lexicographicallyPrecedes(id.utf8) } ?? false }
    let piece = Array(rest.prefix(min(rows, Limits.loopRowsMax)))
    let next = piece.count < rest.count ? piece.last.map { KeysetPosition(id: $0) } : nil
    SlicedRead.run(context, piece, read: read) { found in then(found.map { ($0, next) }) }
  }

  /// What was deleted meanwhile, or is not visible, does not count.
  private func count(_ then: @escaping (Result<Int, StoreError>) -> Void) {
    // Of what is counted nothing is kept: they may be thousands.
    SlicedRead.run(context, ids, read: { [read] id, then in read(id) { then($0.map { $0.map { _ in () } }) } }) {
      found in
      switch found {
      case .success(let found): then(.success(found.count))
      case .failure(.store(let error)): then(.failure(error))
      case .failure: then(.failure(.failed("A count failed.")))
      }
    }
  }

  private func readAgain(_ references: ArraySlice<ListReference>, _ then: @escaping Completion<[VisibleObject]>) {
    SlicedRead.run(context, references.map(\.id), read: read, then)
  }
}
