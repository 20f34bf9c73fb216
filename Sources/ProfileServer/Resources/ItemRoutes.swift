import OData
import Profiles

/// Routes of the items of a profile, whatever their type.
final class ItemRoutes: RouteGroup {
  /// Lists the items of a collection. Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ request: CollectionRequest) throws(GraphError) {
    let page = try requests.page(exchange, by: request.caller)
    session.items.list(request, page.query) { [responses] result in
      responses.onSuccess(of: result, exchange) { owner, listing in
        let (encoder, selection) = (responses.encoder(exchange), exchange.options.selection)
        let context = encoder.context(of: owner, request.collection, selection)
        responses.finish(exchange, listing, context, page, ResponseFinisher.itemHeaders) {
          encoder.elements($0, selection, isFirst: $1)
        }
      }
    }
  }

  /// Counts the items of a collection.
  func count(_ exchange: Exchange, _ request: CollectionRequest) {
    session.items.count(request, requests.counting(exchange)) { [responses] in responses.finish(exchange, count: $0) }
  }

  /// Gets an item.
  func read(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) {
    session.items.read(id, of: request) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Creates an item. Throws the error of an invalid request.
  func create(_ exchange: Exchange, _ request: CollectionRequest) throws(GraphError) {
    let patch = try requests.patch(exchange, .create, request.collection.target)
    let receipt = try requests.receipt(exchange, by: request.caller)
    session.items.create(patch, once: receipt, in: request) { [responses] in
      responses.finish(exchange, written: $0)
    }
  }

  /// Updates an item, or creates it with `Prefer: create-if-missing` (OData 4.01 part 1, 11.4.3 and 11.4.4). Throws the
  /// error of an invalid request.
  func update(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) throws(GraphError) {
    let update = try requests.patch(exchange, .update, request.collection.target)
    let preconditions = try Preconditions(exchange.request.headers)
    guard exchange.preferences.createsIfMissing else {
      return session.items.update(id, update, preconditions: preconditions, in: request) { [responses] in
        responses.finish(exchange, written: $0, mayCreate: true)
      }
    }
    let creation = try requests.patch(exchange, .create, request.collection.target)
    session.items.upsert(id, creating: creation, updating: update, preconditions: preconditions, in: request) {
      [responses] in responses.finish(exchange, written: $0, mayCreate: true)
    }
  }

  /// Deletes an item. Throws the error of an invalid request.
  func delete(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    session.items.delete(id, preconditions: preconditions, in: request) { [responses] in
      responses.finish(exchange, written: $0)
    }
  }
}
