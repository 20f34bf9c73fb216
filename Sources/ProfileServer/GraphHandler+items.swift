import NIOHTTP1
import OData
import Profiles

/// Items and their collections.
extension GraphHandler {
  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onCollection request: CollectionRequest
  ) throws(GraphError) {
    switch method {
    case .GET: try listItems(exchange, request)
    case .POST:
      let patch = try patch(exchange, .create, request.collection.target)
      let receipt = try receipt(exchange, by: request.caller)
      session.createItem(patch, once: receipt, in: request) { [self] in finish(exchange, written: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .POST])
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onItem id: ItemID, _ request: CollectionRequest
  ) throws(GraphError) {
    switch method {
    case .GET: readItem(exchange, id, request)
    case .PATCH:
      let patch = try patch(exchange, .update, request.collection.target)
      let preconditions = try preconditions(exchange)
      guard !Preferences(exchange.request.headers).createsIfMissing else {
        let creation = try self.patch(exchange, .create, request.collection.target)
        return session.upsertItem(id, creating: creation, updating: patch, preconditions: preconditions, in: request) {
          [self] in finish(exchange, written: $0)
        }
      }
      session.updateItem(id, patch, preconditions: preconditions, in: request) { [self] in finish(exchange, written: $0)
      }
    case .DELETE:
      let preconditions = try preconditions(exchange)
      session.deleteItem(id, preconditions: preconditions, in: request) { [self] in finish(exchange, written: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .PATCH, .DELETE])
    }
  }

  private func readItem(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) {
    session.readItem(id, of: request) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let item):
        if let answer = answer(exchange, entity(.ok, item, exchange), item.version) { finish(exchange, answer) }
      }
    }
  }

  private func listItems(_ exchange: Exchange, _ request: CollectionRequest) throws(GraphError) {
    let page = try PageRequest(exchange, by: request.caller, key: settings.pageTokenCipher)
    let encoder = encoder(exchange)
    let selection = exchange.options.selection
    session.listItems(request, page.query) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success((let owner, let listing)):
        let context = encoder.context(of: owner, request.collection, selection)
        finish(exchange, listing, context, page, Self.itemHeaders) { encoder.elements($0, selection, isFirst: $1) }
      }
    }
  }

  func finish(_ exchange: Exchange, written result: Result<WriteResult, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(.done): finish(exchange, .noContent())
    case .success(.item(let item, let isNew)):
      let location = isNew ? encoder(exchange).location(of: item.key) : nil
      finish(exchange, written: item.version, at: location, usually: .representation) {
        entity(isNew ? .created : .ok, item, exchange)
      }
    }
  }

  private func entity(_ status: HTTPResponseStatus, _ item: VisibleItem, _ exchange: Exchange) -> GraphResponse {
    var headers = Self.itemHeaders
    headers[.entityTag] = item.version.entityTag
    return .json(
      status, encoder(exchange).entity(item, exchange.options.selection), headers,
      as: exchange.representation.contentType)
  }

  /// How an item is written depends on who reads it, and in which form.
  static let itemHeaders: HeaderFields = [.vary: "Accept, Prefer, User-Agent"]
  /// How a person is written depends on the form alone.
  static let userHeaders: HeaderFields = [.vary: "Accept, Prefer"]
}

extension GraphResponse {
  /// An answer without a body.
  static func noContent(_ headers: HeaderFields = [:]) -> GraphResponse {
    GraphResponse(status: .noContent, headers: headers, body: .none)
  }
}
