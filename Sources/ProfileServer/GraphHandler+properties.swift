import NIOHTTP1
import OData
import Profiles

/// Properties as resources of their own (OData URL Conventions 4.01 section 4.6).
extension GraphHandler {
  func readProperty(
    _ exchange: Exchange, _ path: [Property], as form: GraphResource.PropertyForm, of resource: GraphResource,
    _ caller: Caller
  ) throws(GraphError) {
    let encoder = encoder(exchange)
    switch resource {
    case .user(let owner):
      session.readUser(owner, by: caller) { [self] result in
        finish(exchange, path, as: form, of: result.map { ($0.value, encoder.context(of: $0)) })
      }
    case .group(let id):
      session.readGroup(id, by: caller) { [self] result in
        finish(exchange, path, as: form, of: result.map { ($0.value, encoder.context(of: $0)) })
      }
    case .item(let owner, let collection, let id):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      session.readItem(id, of: request) { [self] result in
        finish(exchange, path, as: form, of: result.map { ($0.value, encoder.context(of: $0.key)) })
      }
    case .users, .userCount, .profile, .collection, .count, .property, .list, .listCount, .memberReferences,
      .memberReference, .directoryObject, .batch, .other:
      throw .notImplemented
    }
  }

  private func finish(
    _ exchange: Exchange, _ path: [Property], as form: GraphResource.PropertyForm,
    of result: Result<(StructuredValue?, String), ProfileError>
  ) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success((nil, _)): finish(exchange, .store(.damaged("A stored entity is not of its type.")))
    case .success((let value?, let context)):
      guard let property = path.last else { return finish(exchange, GraphError.notImplemented) }
      let found = Self.value(at: path, in: value)
      switch form {
      case .count: finish(exchange, count: .success(Self.count(of: found)))
      case .raw: finish(exchange, rawValue: found, of: property)
      case .value:
        let names = path.map(\.name).joined(separator: "/")
        let body = encoder(exchange).property(found, property, at: names, of: context)
        finish(
          exchange,
          body.map { .json(.ok, $0, Self.itemHeaders, as: exchange.representation.contentType) } ?? .noContent())
      }
    }
  }

  private func finish(_ exchange: Exchange, rawValue value: Value, of property: Property) {
    guard !value.isNull else { return finish(exchange, .noContent()) }
    guard let text = EntityWriter.rawText(of: value, property) else { return finish(exchange, GraphError.notPrimitive) }
    finish(exchange, .text(text))
  }

  /// How many values there are; none in a collection that was never set.
  private static func count(of value: Value) -> Int {
    if case .collection(let values) = value { values.count } else { 0 }
  }

  /// The value at the end of a path; null when a value on the way is null (OData 4.01 part 1, 11.2.4).
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
