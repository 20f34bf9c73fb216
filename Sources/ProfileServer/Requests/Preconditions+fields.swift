import NIOHTTP1
import OData

extension Preconditions {
  /// `If-Match` and `If-None-Match` of a request (RFC 9110 section 13.1). Throws when an entity tag is malformed.
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
