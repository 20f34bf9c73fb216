import Dispatch
import OData
import Profiles

/// A session on a queue of its own, as others live on an event loop, that lists items.
final class ItemListQueue: @unchecked Sendable {
  private let queue = DispatchQueue(label: "lists")
  // Safety: made and used on `queue` only.
  private var session: ProfileSession?

  init(_ store: any ProfileStore) throws {
    let environment = ServiceEnvironment(now: { Sample.time }, makeID: { .random() })
    let service = ProfileService(
      store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
    let queue = queue
    session = try queue.sync { try service.makeSession { work in queue.async(execute: work) } }
  }

  /// A page with all of its items, also those that were read again.
  struct Page: Sendable {
    var ids: [String] = []
    var count: Int?
    var next: KeysetPosition?
  }

  /// Reads one page of a list, as far as it is sent.
  func list(_ request: CollectionRequest, _ query: ListQuery) async -> Result<Page, ProfileError> {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        session?.items.list(request, query) { result in
          switch result {
          case .failure(let error): continuation.resume(returning: .failure(error))
          case .success((_, let listing)):
            let page = Page(ids: listing.elements.map(\.key.id.text), count: listing.count, next: listing.next)
            Self.rest(listing.rest, page) { continuation.resume(returning: $0) }
          }
        }
      }
    }
  }

  private static func rest(
    _ rest: PageRemainder<VisibleItem>?, _ page: Page, _ then: @escaping (Result<Page, ProfileError>) -> Void
  ) {
    guard let rest else { return then(.success(page)) }
    rest.next { piece in
      switch piece {
      case .failure(let error): then(.failure(error))
      case .success(nil): then(.success(page))
      case .success(let items?):
        var page = page
        page.ids += items.map(\.key.id.text)
        self.rest(rest, page, then)
      }
    }
  }

  /// Counts the items that a query asks for.
  func count(_ request: CollectionRequest, _ query: ListQuery) async -> Result<Int, ProfileError> {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        session?.items.count(request, query) { continuation.resume(returning: $0) }
      }
    }
  }
}
