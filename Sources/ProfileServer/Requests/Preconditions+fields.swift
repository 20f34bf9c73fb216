import NIOHTTP1
import OData

extension Preconditions {
  /// The preconditions of `If-Match` and `If-None-Match` (RFC 9110 section 13.1). Throws
  /// `GraphError.malformedEntityTag` when a field is no list of entity tags.
  init(_ headers: HTTPHeaders) throws(GraphError) {
    self.init(
      ifMatch: try Self.condition(headers["If-Match"]), ifNoneMatch: try Self.condition(headers["If-None-Match"]))
  }

  private static func condition(_ fields: [String]) throws(GraphError) -> EntityTagCondition? {
    guard !fields.isEmpty else { return nil }
    guard let condition = EntityTagCondition(fields) else { throw .malformedEntityTag }
    return condition
  }
}
