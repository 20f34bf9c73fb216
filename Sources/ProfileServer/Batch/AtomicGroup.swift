import NIOHTTP1
import OData
import Profiles

/// The requests of one `atomicityGroup`: writes of items of one person, applied in one transaction or not at all.
final class AtomicGroup {
  /// One request with what its path names.
  struct Member {
    let request: GraphRequest
    let owner: OwnerReference
    let collection: NavigationProperty
    /// nil when one is created.
    let id: ItemID?
  }

  private let handler: GraphHandler
  private let caller: Caller
  private let members: [Member]
  /// What is under way for each of them.
  private var exchanges: [Exchange] = []
  private var responses: [GraphResponse?]

  /// A group of at least one request, in their order.
  init(_ handler: GraphHandler, _ caller: Caller, _ members: [Member]) {
    self.handler = handler
    self.caller = caller
    self.members = members
    responses = Array(repeating: nil, count: members.count)
  }

  /// What the requests name; throws when they cannot be applied together.
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
    switch (request.method, try GraphResource(request)) {
    case (.POST, .collection(let owner, let collection)):
      return Member(request: request, owner: own(owner, caller), collection: collection, id: nil)
    case (.PATCH, .item(let owner, let collection, let id)), (.DELETE, .item(let owner, let collection, let id)):
      return Member(request: request, owner: own(owner, caller), collection: collection, id: id)
    default: throw .notAtomic
    }
  }

  /// `/me` and the caller's own id are the same person.
  private static func own(_ owner: OwnerReference, _ caller: Caller) -> OwnerReference {
    guard case .me = owner, let id = caller.userID else { return owner }
    return .id(id)
  }

  /// Performs the group and gives an answer for each of its requests.
  func run(_ then: @escaping ([GraphResponse]) -> Void) {
    guard let owner = members.first?.owner else { return then([]) }
    var writes: [ItemWrite] = []
    for (index, member) in members.enumerated() {
      let exchange = handler.exchange(member.request) { [self] in responses[index] = $0 }
      exchanges.append(exchange)
      do throws(GraphError) {
        _ = try handler.prepare(exchange)
        writes.append(try handler.write(exchange, member))
      } catch {
        return fail(at: index, error, then)
      }
    }
    handler.session.writeItems(writes, of: owner, by: caller) { [self] in finish($0, then) }
  }

  private func finish(_ result: Result<AtomicWriteResult, ProfileError>, _ then: ([GraphResponse]) -> Void) {
    switch result {
    case .failure(let error): fail(at: 0, GraphError(error), then)
    case .success(.refused(let index, let error)): fail(at: index, GraphError(error), then)
    case .success(.applied(let results)):
      for (index, result) in results.enumerated() { handler.finish(exchanges[index], written: .success(result)) }
      // They hold what is called with their answers, which is this.
      exchanges = []
      then(responses.compactMap { $0 })
    }
  }

  /// One failed, and with it all.
  private func fail(at failed: Int, _ error: GraphError, _ then: ([GraphResponse]) -> Void) {
    exchanges = []
    then(
      members.enumerated().map { index, member in
        handler.refusal(index == failed ? error : .failedDependency, headers: member.request.headers)
      })
  }
}

extension GraphError {
  static let notAtomic = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An atomicityGroup may hold only POST to a collection and PATCH and DELETE of an item, all of one person "
      + "who is named alike in each, without Idempotency-Key. Nothing of the batch was performed.")

  static let malformedBatchURL = GraphError(
    status: .badRequest, code: .badRequest,
    message: "The url of a request in a batch holds a blank or a control character. Percent-encode it.")
}
