import OData
import Profiles

/// Routes of groups, their members, and the memberships of a person.
final class GroupRoutes {
  let session: ProfileSession
  let requests: RequestReader
  let responses: ResponseFinisher

  init(session: ProfileSession, requests: RequestReader, responses: ResponseFinisher) {
    self.session = session
    self.requests = requests
    self.responses = responses
  }

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

  /// Creates a group with its first members (`members@odata.bind`). Throws the error of an invalid request.
  func create(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .create, ProfileModel.group)
    let receipt = try requests.receipt(exchange, by: caller)
    let members = try requests.members(patch, exchange, caller)
    session.groups.create(patch, members: members, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, created: $0)
    }
  }

  /// Updates a group and adds members (`members@odata.bind`). Throws the error of an invalid request.
  func update(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .update, ProfileModel.group)
    let preconditions = try Preconditions(exchange.request.headers)
    let members = try requests.members(patch, exchange, caller)
    session.groups.update(id, patch, members: members, preconditions: preconditions, by: caller) { [responses] in
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

  /// Lists the members of a group. They may have several types, so each states its own. Throws the error of an invalid
  /// request.
  func listMembers(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.listMembers(of: id, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.directoryObject, of: ProfileModel.user)
    }
  }

  /// Counts the members of a group.
  func countMembers(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) {
    session.groups.listMembers(of: id, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Adds the member that the body references (OData 4.01 part 1, 11.4.6.1; Graph page on adding members). Throws the
  /// error of an invalid request.
  func addMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let user = try requests.referencedMember(exchange, caller)
    let receipt = try requests.receipt(exchange, by: caller)
    session.groups.addMember(user, to: id, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  /// Removes the member whose address is `$id` (OData 4.01 part 1, 11.4.6.2). Throws `GraphError.referenceNotNamed`
  /// without `$id`, and the error of an address that names no person.
  func removeNamedMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    guard let address = exchange.options.id else { throw .referenceNotNamed }
    removeMember(exchange, try requests.member(at: address, exchange, caller), id, caller)
  }

  /// Removes a member from a group (OData 4.01 part 1, 11.4.6.2).
  func removeMember(_ exchange: Exchange, _ user: UserID, _ id: GroupID, _ caller: Caller) {
    removeMember(exchange, .id(user), id, caller)
  }

  private func removeMember(_ exchange: Exchange, _ user: OwnerReference, _ id: GroupID, _ caller: Caller) {
    session.groups.removeMember(user, from: id, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  // MARK: Memberships

  /// Lists the groups of a person (Graph page on listing memberOf). Throws the error of an invalid request.
  func listMemberships(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.listMemberships(of: user, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.directoryObject, of: ProfileModel.group)
    }
  }

  /// Counts the groups of a person.
  func countMemberships(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.groups.listMemberships(of: user, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }
}
