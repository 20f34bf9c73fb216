import OData
import Profiles

/// A collection as it is asked for within a profile.
struct ExpandedCollection {
  let collection: NavigationProperty
  /// What is asked for of its items.
  var options = QueryOptions()
  /// Whether only their number is.
  var countsOnly = false
}

/// A whole profile, collection after collection, read only as far as the client takes it.
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
  /// Whether nothing stands in the profile's object yet.
  private var isBare: Bool

  private enum Stage {
    case opening
    /// Between two collections.
    case between
    /// Within a collection; nothing of it was written yet when `isEmpty`.
    case within(ItemCursor, Selection?, isEmpty: Bool)
    /// Within a page of a collection that is longer than what was kept of it.
    case rest(ListBodySource<VisibleItem>)
    case ended
  }

  /// A profile that begins with `opening` and shows these collections, each with what is asked for of it.
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
        then(page.map { piece($0, selection, isEmpty: isEmpty) })
      }
    case .rest(let source):
      source.nextChunk { [self] piece in
        guard case .success(nil) = piece else { return then(piece) }
        stage = .between
        nextChunk(then)
      }
    case .ended: then(.success(nil))
    }
  }

  func again() -> any ResponseBodySource {
    ProfileBodySource(
      session: session, encoder: encoder, view: view, opening: opening, collections: collections, links: links,
      cancellation: cancellation)
  }

  /// Finds out whether every expression has a value before anything is sent: afterwards it could not be said.
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

  /// How many items of a collection satisfy what is asked, and nothing else of it.
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
      then(page.map { head + piece($0, selection, isEmpty: true) })
    }
  }

  /// One page of what is asked for of a collection, with a link to the rest.
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
          return piece(listing, after: head, options.selection)
        })
    }
  }

  /// What is there of a page; the rest of a long one follows.
  private func piece(_ listing: Listing<VisibleItem>, after head: [UInt8], _ selection: Selection?) -> [UInt8] {
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

  private func piece(_ page: ItemPage, _ selection: Selection?, isEmpty: Bool) -> [UInt8] {
    let elements = encoder.elements(page.items, selection, isFirst: isEmpty)
    guard let next = page.next else {
      stage = .between
      return elements + [UInt8(ascii: "]")]
    }
    stage = .within(next, selection, isEmpty: isEmpty && page.items.isEmpty)
    return elements
  }
}
