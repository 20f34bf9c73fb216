import OData
import Profiles

/// A collection of a profile with its expand options (OData 4.01 part 1, 11.2.5.2).
struct ExpandedCollection {
  /// The collection.
  let collection: NavigationProperty
  /// The query options of its items.
  var options = QueryOptions()
  /// Whether only the count is wanted (`$expand=.../$count`).
  var countsOnly = false
}

/// A whole profile, collection by collection, read no faster than the client reads it. Owned by one event loop.
final class ProfileBodySource: ResponseBodySource {
  private let session: ProfileSession
  private let encoder: ItemEncoder
  private let view: ProfileView
  private let links: ExpansionLinks
  private let cancellation: RequestCancellation?
  private let collections: [ExpandedCollection]
  private var rest: ArraySlice<ExpandedCollection>
  private var stage = Stage.opening
  private let opening: [UInt8]
  /// Whether the object of the profile has no member yet.
  private var isBare: Bool

  private enum Stage {
    case opening
    /// Before a collection, or at the end.
    case between
    /// Within a collection; `isEmpty` while no item of it has been encoded.
    case within(ItemCursor, Selection?, isEmpty: Bool)
    /// Within a page of a collection that is too long to be kept in memory.
    case rest(ListBodySource<VisibleItem>)
    case ended
  }

  /// A profile that begins with `opening` and shows `collections`.
  init(
    session: ProfileSession, encoder: ItemEncoder, view: ProfileView, opening: [UInt8],
    collections: [ExpandedCollection], links: ExpansionLinks, cancellation: RequestCancellation?
  ) {
    self.cancellation = cancellation
    self.session = session
    self.encoder = encoder
    self.view = view
    self.opening = opening
    self.links = links
    isBare = opening.count == 1
    self.collections = collections
    rest = collections[...]
  }

  func nextChunk(_ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void) {
    switch stage {
    case .opening:
      check(rest) { [self] checked in
        stage = .between
        then(checked.map { opening })
      }
    case .between:
      guard let next = rest.popFirst() else {
        stage = .ended
        return then(.success([UInt8(ascii: "}")]))
      }
      let (collection, options) = (next.collection, next.options)
      if next.countsOnly {
        count(collection, options, then)
      } else if options.isPlain, options.top == nil, options.skip == nil, !options.countsAll {
        openWhole(collection, options.selection, then)
      } else {
        openPage(collection, options, then)
      }
    case .within(let cursor, let selection, let isEmpty):
      session.profiles.continueList(cursor) { [self] page in
        then(page.map { chunk($0, selection, isEmpty: isEmpty) })
      }
    case .rest(let source):
      source.nextChunk { [self] chunk in
        guard case .success(nil) = chunk else { return then(chunk) }
        stage = .between
        nextChunk(then)
      }
    case .ended: then(.success(nil))
    }
  }

  func restarted() -> any ResponseBodySource {
    ProfileBodySource(
      session: session, encoder: encoder, view: view, opening: opening, collections: collections, links: links,
      cancellation: cancellation)
  }

  /// Checks that every query can be evaluated before anything is sent. A later error could only close the connection.
  private func check(
    _ collections: ArraySlice<ExpandedCollection>,
    _ then: @escaping (Result<Void, ProfileError>) -> Void
  ) {
    guard let place = collections.firstIndex(where: { !$0.options.isPlain }) else { return then(.success(())) }
    let next = collections[place]
    let query = next.countsOnly ? query(next.options).counting : query(next.options)
    session.profiles.listItems(of: view, in: next.collection, query) { [self] listing in
      switch listing {
      case .failure(let error): then(.failure(error))
      case .success: check(collections[(place + 1)...], then)
      }
    }
  }

  /// Encodes the count of a collection alone.
  private func count(
    _ collection: NavigationProperty, _ options: QueryOptions,
    _ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void
  ) {
    session.profiles.listItems(of: view, in: collection, query(options).counting) { [self] listing in
      then(
        listing.map { listing in
          defer { isBare = false }
          return encoder.collectionCount(collection, listing.count ?? 0, isFirst: isBare)
        })
    }
  }

  private func openWhole(
    _ collection: NavigationProperty, _ selection: Selection?,
    _ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void
  ) {
    let head = encoder.collectionOpening(of: view.owner, collection, selection, isFirst: isBare)
    isBare = false
    session.profiles.listItems(of: view, in: collection) { [self] page in
      then(page.map { head + chunk($0, selection, isEmpty: true) })
    }
  }

  /// Begins a page of a collection, with a next link.
  private func openPage(
    _ collection: NavigationProperty, _ options: QueryOptions,
    _ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void
  ) {
    let size = Self.size(options)
    session.profiles.listItems(of: view, in: collection, query(options)) { [self] listing in
      then(
        listing.map { listing in
          let head = encoder.collectionOpening(
            of: view.owner, collection, options.selection, count: listing.count,
            nextLink: links.next(listing.next, in: collection, options, size: size), isFirst: isBare)
          isBare = false
          return chunk(listing, after: head, options.selection)
        })
    }
  }

  /// Encodes the available elements of a page; the remainder of a long page follows.
  private func chunk(_ listing: Listing<VisibleItem>, after head: [UInt8], _ selection: Selection?) -> [UInt8] {
    let opening = head + encoder.elements(listing.elements, selection, isFirst: true)
    let closing = [UInt8(ascii: "]")]
    guard let rest = listing.rest else { return opening + closing }
    stage = .rest(
      ListBodySource(opening: [], rest: rest, closing: closing, isFirst: listing.elements.isEmpty) { [encoder] in
        encoder.elements($0, selection, isFirst: $1)
      })
    return opening
  }

  private static func size(_ options: QueryOptions) -> Int {
    min(options.top ?? Limits.itemsPerCollectionMax, Limits.itemsPerCollectionMax)
  }

  private func query(_ options: QueryOptions) -> ListQuery {
    ListQuery(options, limit: Self.size(options), cancellation: cancellation)
  }

  private func chunk(_ page: ItemPage, _ selection: Selection?, isEmpty: Bool) -> [UInt8] {
    let elements = encoder.elements(page.items, selection, isFirst: isEmpty)
    guard let next = page.next else {
      stage = .between
      return elements + [UInt8(ascii: "]")]
    }
    stage = .within(next, selection, isEmpty: isEmpty && page.items.isEmpty)
    return elements
  }
}
