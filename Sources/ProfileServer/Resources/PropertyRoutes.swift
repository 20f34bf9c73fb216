import NIOHTTP1
import OData
import Profiles

/// Routes of properties as resources of their own (OData URL Conventions 4.01 sections 4.6 to 4.8).
final class PropertyRoutes: RouteGroup {
  /// The entity that a property is read from, as a value of its type, with its context URL.
  private typealias Entity = (value: StructuredValue?, context: String)

  /// Responds with a property of the entity that the path names (OData 4.01 part 1, 11.2.4). Throws
  /// `GraphError.notImplemented` when the path names no entity with properties.
  func read(_ exchange: Exchange, _ requested: RequestedResource, _ caller: Caller) throws(GraphError) {
    let encoder = responses.encoder(exchange)
    switch requested.subject {
    case .setting: throw .notImplemented
    case .person(let user):
      // Each of them is computed as a whole.
      let computed = requested.properties.prefix(1).filter { $0.traits.contains(.computed) }
      session.users.read(user, computing: computed, by: caller) { [self] entity in
        finish(exchange, requested, of: entity.map { ($0.value, encoder.context(of: $0)) })
      }
    case .group(let id):
      session.groups.read(id, by: caller) { [self] entity in
        finish(exchange, requested, of: entity.map { ($0.value, encoder.context(of: $0)) })
      }
    case .item(let owner, let collection, let id):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      session.items.read(id, of: request) { [self] entity in
        finish(exchange, requested, of: entity.map { ($0.value, encoder.context(of: $0.key)) })
      }
    case .service, .collection, .member, .directoryObject, .photoSize, .entity: throw .notImplemented
    }
  }

  private func finish(
    _ exchange: Exchange, _ requested: RequestedResource, of result: Result<Entity, ProfileError>
  ) {
    responses.onSuccess(of: result, exchange) { entity in
      guard let value = entity.value else {
        return responses.finish(exchange, ProfileError.store(.damaged("A stored entity is not of its type.")))
      }
      guard let property = requested.properties.last, let form = requested.resource?.routes.first?.success else {
        return responses.finish(exchange, GraphError.notImplemented)
      }
      let found = Self.value(at: requested.properties, in: value)
      switch form {
      case .count: responses.finish(exchange, count: .success(Self.count(of: found)))
      case .rawValue: finish(exchange, rawValue: found, of: property)
      case .property, .entity, .list, .created, .updated, .deleted, .updatedSilently, .added, .ids, .found, .checked,
        .reference, .references, .image, .imageStored:
        finish(exchange, found, property, requested.properties, of: entity.context)
      }
    }
  }

  private func finish(
    _ exchange: Exchange, _ value: Value, _ property: Property, _ path: [Property], of context: String
  ) {
    let names = path.map(\.name).joined(separator: "/")
    guard let body = responses.encoder(exchange).property(value, property, at: names, of: context) else {
      return responses.finish(exchange, .noContent())
    }
    responses.finish(
      exchange, .json(.ok, body, ResponseFinisher.itemHeaders, as: exchange.representation.contentType))
  }

  private func finish(_ exchange: Exchange, rawValue value: Value, of property: Property) {
    guard !value.isNull else { return responses.finish(exchange, .noContent()) }
    guard let text = EntityWriter.rawText(of: value, property) else {
      return responses.finish(exchange, GraphError.notPrimitive)
    }
    responses.finish(exchange, .text(text))
  }

  /// The number of values; 0 for a collection that was never set.
  private static func count(of value: Value) -> Int {
    if case .collection(let values) = value { values.count } else { 0 }
  }

  /// The value at the end of a path of properties; null when a value on the way is null (OData 4.01 part 1, 11.2.4).
  private static func value(at path: [Property], in value: StructuredValue) -> Value {
    var value = value
    for (depth, property) in path.enumerated() {
      let member = value.members[property.index]
      guard depth < path.count - 1 else { return member }
      guard case .complex(let inner) = member else { return .null }
      value = inner
    }
    return .null
  }
}
