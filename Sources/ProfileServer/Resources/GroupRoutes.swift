import OData
import Profiles

/// Routes of groups, and of writes of their members and owners.
final class GroupRoutes: RouteGroup {
  // MARK: Groups

  /// Lists groups (Graph page on listing groups). Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.list(page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.group, of: ProfileModel.group)
    }
  }

  /// Counts groups.
  func count(_ exchange: Exchange, _ caller: Caller) {
    session.groups.list(requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Gets a group.
  func read(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) {
    session.groups.read(id, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Creates a group with its first members and owners (`members@odata.bind`, `owners@odata.bind`). Throws the error of an invalid request.
  func create(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .create, ProfileModel.group)
    let receipt = try requests.receipt(exchange, by: caller)
    let added = try requests.additions(patch, exchange, caller)
    session.groups.create(patch, adding: added, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, created: $0)
    }
  }

  /// Updates a group and adds members and owners. Throws the error of an invalid request.
  func update(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .update, ProfileModel.group)
    let preconditions = try Preconditions(exchange.request.headers)
    let added = try requests.additions(patch, exchange, caller)
    session.groups.update(id, patch, adding: added, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, updated: $0)
    }
  }

  /// Deletes a group. Throws the error of an invalid request.
  func delete(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    session.groups.delete(id, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  // MARK: Members

  /// Adds the member that the body references (OData 4.01 part 1, 11.4.6.1; Graph page on adding members). Throws the
  /// error of an invalid request.
  func addMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let member = try requests.member(at: try requests.referencedAddress(exchange), exchange, caller)
    let receipt = try requests.receipt(exchange, by: caller)
    session.groups.addMember(member, to: id, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  /// Removes the member whose address is `$id` (OData 4.01 part 1, 11.4.6.2). Throws `GraphError.referenceNotNamed`
  /// without `$id`, and the error of an address that names neither a person nor a group.
  func removeNamedMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    guard let address = exchange.options.id else { throw .referenceNotNamed }
    removeMember(exchange, try requests.member(at: address, exchange, caller), id, caller)
  }

  /// Removes a member from a group (OData 4.01 part 1, 11.4.6.2).
  func removeMember(_ exchange: Exchange, _ user: UserID, _ id: GroupID, _ caller: Caller) {
    removeMember(exchange, .object(user), id, caller)
  }

  private func removeMember(_ exchange: Exchange, _ member: MemberReference, _ id: GroupID, _ caller: Caller) {
    session.groups.removeMember(member, from: id, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  // MARK: Owners

  /// Adds the owner that the body references (Graph page on adding owners). Throws the error of an invalid request.
  func addOwner(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let owner = try requests.owner(at: try requests.referencedAddress(exchange), exchange, caller)
    let receipt = try requests.receipt(exchange, by: caller)
    session.groups.addOwner(owner, to: id, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  /// Removes the owner whose address is `$id`. Throws `GraphError.referenceNotNamed` without `$id`, and the error of an
  /// address that names no person.
  func removeNamedOwner(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    guard let address = exchange.options.id else { throw .referenceNotNamed }
    removeOwner(exchange, try requests.owner(at: address, exchange, caller), id, caller)
  }

  /// Removes an owner from a group (Graph page on removing owners).
  func removeOwner(_ exchange: Exchange, _ user: UserID, _ id: GroupID, _ caller: Caller) {
    removeOwner(exchange, .id(user), id, caller)
  }

  private func removeOwner(_ exchange: Exchange, _ owner: OwnerReference, _ id: GroupID, _ caller: Caller) {
    session.groups.removeOwner(owner, from: id, by: caller) { [responses] in responses.finish(exchange, removed: $0) }
  }
}
