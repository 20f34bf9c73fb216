import OData
import Profiles

/// A whole profile, collection after collection, read only as far as the client takes it.
final class ProfileSource: PieceSource {
  private let session: ProfileSession
  private let encoder: ItemEncoder
  private let view: ProfileView
  private var rest: ArraySlice<(NavigationProperty, Selection?)>
  private var stage = Stage.opening
  private let opening: [UInt8]

  private enum Stage {
    case opening
    /// Between two collections.
    case between
    /// Within a collection; nothing of it was written yet when `isEmpty`.
    case within(ItemCursor, Selection?, isEmpty: Bool)
    case ended
  }

  /// A profile that begins with `opening` and shows these collections, each with the members that are asked for.
  init(
    session: ProfileSession, encoder: ItemEncoder, view: ProfileView, opening: [UInt8],
    collections: [(NavigationProperty, Selection?)]
  ) {
    self.session = session
    self.encoder = encoder
    self.view = view
    self.opening = opening
    rest = collections[...]
  }

  func nextPiece(_ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void) {
    switch stage {
    case .opening:
      stage = .between
      then(.success(opening))
    case .between:
      guard let (collection, selection) = rest.popFirst() else {
        stage = .ended
        return then(.success([UInt8(ascii: "}")]))
      }
      let head = encoder.collectionOpening(of: view.owner, collection, selection)
      session.listItems(of: view, in: collection) { [self] page in
        then(page.map { head + piece($0, selection, isEmpty: true) })
      }
    case .within(let cursor, let selection, let isEmpty):
      session.continueList(cursor) { [self] page in
        then(page.map { piece($0, selection, isEmpty: isEmpty) })
      }
    case .ended: then(.success(nil))
    }
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
