import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Batches (OData JSON 4.01 section 19; Graph's limits).
extension GraphHandler {
  /// Whether a path is that of a batch, of either version.
  static func isBatch(_ request: GraphRequest) throws(GraphError) -> Bool {
    do throws(PathError) { return try request.pathBelowRoot()?.segment == "$batch" } catch { throw GraphError(error) }
  }

  /// Performs the requests of a batch in their order.
  func performBatch(_ exchange: Exchange, by caller: Caller) throws(GraphError) {
    let request = exchange.request
    guard !request.isBatchPart else { throw .nestedBatch }
    guard request.method == .POST else { throw .methodNotAllowed([.POST]) }
    guard !request.headers.contains(name: "If-Match"), !request.headers.contains(name: "If-None-Match") else {
      throw .malformedBatch("If-Match and If-None-Match are for the requests of a batch, not for the batch.")
    }
    do throws(QueryError) { _ = try QueryOptions(request.query, of: ProfileModel.user, supporting: []) } catch {
      throw GraphError(error)
    }
    guard Representation(format: nil, request.headers) != nil else { throw .notAcceptable }
    guard let body = request.body, body.readableBytes > 0 else { throw .bodyMissing }
    let batch = try body.withBytes { bytes throws(GraphError) in
      try BatchBody(bytes, requestsMax: settings.batchRequestsMax)
    }
    let run = try BatchRun(self, exchange, caller, batch.parts)
    // What follows a request that is answered later reads as of its own moment, so that it sees what that one wrote.
    session.together { finish(exchange, [:], from: run, as: "application/json") }
  }

  /// A write of one item, as part of a group.
  func write(_ exchange: Exchange, _ member: Changeset.Member) throws(GraphError) -> ItemWrite {
    guard let id = member.id else {
      return .create(member.collection, try patch(exchange, .create, member.collection.target))
    }
    let preconditions = try preconditions(exchange)
    guard exchange.request.method == .PATCH else { return .delete(member.collection, id, preconditions) }
    let update = try patch(exchange, .update, member.collection.target)
    guard Preferences(exchange.request.headers).createsIfMissing else {
      return .update(member.collection, id, update, preconditions)
    }
    let creation = try patch(exchange, .create, member.collection.target)
    return .upsert(member.collection, id, creating: creation, updating: update, preconditions)
  }
}
