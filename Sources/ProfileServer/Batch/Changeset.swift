import NIOHTTP1
import OData
import Profiles

/// The requests of an `atomicityGroup` (OData JSON 4.01 section 19.1): writes of items of one person, applied in one
/// transaction or not at all.
final class Changeset {
  /// A request with the entity that its path names.
  struct Member {
    let request: GraphRequest
    let owner: OwnerReference
    let collection: NavigationProperty
    /// The item to write; nil to create one.
    let id: ItemID?

    /// Whether `Prefer: create-if-missing` has an effect.
    var mayCreate: Bool { request.method == .PATCH }
  }

  private let handler: GraphHandler
  private let caller: Caller
  private let members: [Member]
  /// The exchanges of the members.
  private var exchanges: [Exchange] = []
  private var responses: [GraphResponse?]

  /// A changeset of at least one member.
  init(_ handler: GraphHandler, _ caller: Caller, _ members: [Member]) {
    self.handler = handler
    self.caller = caller
    self.members = members
    responses = Array(repeating: nil, count: members.count)
  }

  /// The members for requests. Throws `GraphError.notAtomic` when the requests cannot be applied in one transaction.
  static func members(_ requests: [GraphRequest], by caller: Caller) throws(GraphError) -> [Member] {
    var members: [Member] = []
    for request in requests {
      guard let member = try? member(request, caller) else { throw .notAtomic }
      if let first = members.first, first.owner != member.owner { throw .notAtomic }
      members.append(member)
    }
    return members
  }

  private static func member(_ request: GraphRequest, _ caller: Caller) throws(GraphError) -> Member {
    guard !request.headers.contains(name: "Idempotency-Key") else { throw .notAtomic }
    let requested = try RequestedResource(path: request.path)
    // Method, subject and route all count: HEAD has the route of GET, and a property of an item has the item's subject.
    switch (request.method, requested.subject, requested.resource?.route(of: request.method)?.success) {
    case (.POST, .collection(let owner, let collection), .created):
      return Member(request: request, owner: own(owner, caller), collection: collection, id: nil)
    case (.PATCH, .item(let owner, let collection, let id), .updated),
      (.DELETE, .item(let owner, let collection, let id), .deleted):
      return Member(request: request, owner: own(owner, caller), collection: collection, id: id)
    default: throw .notAtomic
    }
  }

  /// Resolves `/me` to the caller's id, so that both name the same person.
  private static func own(_ owner: OwnerReference, _ caller: Caller) -> OwnerReference {
    guard case .me = owner, let id = caller.userID else { return owner }
    return .id(id)
  }

  /// The response to one request of a changeset.
  enum Response {
    case ready(GraphResponse)
    /// A response for which the item is read when it is sent, because the changeset keeps enough responses already.
    case deferred((@escaping (GraphResponse) -> Void) -> Void)

    /// Gives the response, at once or later.
    func get(_ then: @escaping (GraphResponse) -> Void) {
      switch self {
      case .ready(let response): then(response)
      case .deferred(let read): read(then)
      }
    }
  }

  /// Applies the changeset and gives a response for each of its requests.
  func run(_ then: @escaping ([Response]) -> Void) {
    guard let owner = members.first?.owner else { return then([]) }
    var writes: [ItemWrite] = []
    for (index, member) in members.enumerated() {
      let exchange = handler.responses.exchange(member.request) { [self] in responses[index] = $0 }
      exchanges.append(exchange)
      do throws(GraphError) {
        _ = try handler.prepare(exchange)
        writes.append(try write(exchange, member))
      } catch {
        return fail(at: index, error, then)
      }
    }
    handler.session.items.write(writes, of: owner, by: caller) { [self] in finish($0, then) }
  }

  /// The write of a request. Throws the error of an invalid body or precondition.
  private func write(_ exchange: Exchange, _ member: Member) throws(GraphError) -> ItemWrite {
    let type = member.collection.target
    switch (exchange.request.method, member.id) {
    case (.POST, nil): return .create(member.collection, try handler.requests.patch(exchange, .create, type))
    case (.DELETE, let id?): return .delete(member.collection, id, try Preconditions(exchange.request.headers))
    case (.PATCH, let id?):
      let preconditions = try Preconditions(exchange.request.headers)
      let update = try handler.requests.patch(exchange, .update, type)
      guard exchange.preferences.createsIfMissing else { return .update(member.collection, id, update, preconditions) }
      let creation = try handler.requests.patch(exchange, .create, type)
      return .upsert(member.collection, id, creating: creation, updating: update, preconditions)
    default: throw .notAtomic
    }
  }

  private func finish(_ result: Result<ChangesetResult, ProfileError>, _ then: ([Response]) -> Void) {
    switch result {
    case .failure(let error): fail(at: 0, GraphError(error), then)
    case .success(.refused(let index, let error)): fail(at: index, GraphError(error), then)
    case .success(.applied(let results)):
      var bytes = 0
      let answers = results.enumerated().map { index, result -> Response in
        if case .item(let item, let isNew) = result {
          bytes += item.json.count
          if bytes > Limits.keptBytesMax { return deferred(index, item.key.id, isNew: isNew) }
        }
        handler.responses.finish(exchanges[index], written: .success(result), mayCreate: members[index].mayCreate)
        return responses[index].map { .ready($0) } ?? .ready(.noContent())
      }
      // Breaks reference cycles: the exchanges reference this changeset.
      exchanges = []
      responses = []
      then(answers)
    }
  }

  /// The response to a request whose item is read again. The write succeeded, whatever happened to the item since.
  private func deferred(_ index: Int, _ id: ItemID, isNew: Bool) -> Response {
    let (handler, member, caller) = (handler, members[index], caller)
    return .deferred { then in
      let exchange = handler.responses.exchange(member.request, then)
      // It was prepared before, so this succeeds.
      guard (try? handler.prepare(exchange)) != nil else { return handler.responses.finish(exchange, .noContent()) }
      let request = CollectionRequest(owner: member.owner, collection: member.collection, caller: caller)
      handler.session.items.read(id, of: request) { item in
        let result = (try? item.get()).map { WriteResult.item($0, isNew: isNew) } ?? .done
        handler.responses.finish(exchange, written: .success(result), mayCreate: member.mayCreate)
      }
    }
  }

  /// Fails every request because one of them failed.
  private func fail(at failed: Int, _ error: GraphError, _ then: ([Response]) -> Void) {
    exchanges = []
    then(
      members.enumerated().map { index, member in
        .ready(handler.responses.refusal(index == failed ? error : .failedDependency, headers: member.request.headers))
      })
  }
}

extension GraphError {
  /// An atomicity group that cannot be applied in one transaction.
  static let notAtomic = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An atomicityGroup may hold only POST to a collection and PATCH and DELETE of an item, all of one person "
      + "who is named alike in each, without Idempotency-Key. Nothing of the batch was performed.")
}
