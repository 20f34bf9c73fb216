import OData
import Profiles

/// Routes of groups, their members, and the memberships of a person.
struct GroupRoutes {
  let session: ProfileSession
  let requests: RequestReader
  let responses: ResponseFinisher

  // MARK: Groups

  func list(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.list(page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.group, of: ProfileModel.group)
    }
  }

  func count(_ exchange: Exchange, _ caller: Caller) {
    session.groups.list(requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  func read(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) {
    session.groups.read(id, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  func create(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .create, ProfileModel.group)
    let receipt = try requests.receipt(exchange, by: caller)
    let members = try requests.members(patch, exchange, caller)
    session.groups.create(patch, members: members, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, created: $0)
    }
  }

  func update(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .update, ProfileModel.group)
    let preconditions = try Preconditions(exchange.request.headers)
    let members = try requests.members(patch, exchange, caller)
    session.groups.update(id, patch, members: members, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, updated: $0)
    }
  }

  func delete(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    session.groups.delete(id, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  // MARK: Members

  /// Members may be of several types, each of which says its own.
  func listMembers(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.listMembers(of: id, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.directoryObject, of: ProfileModel.user)
    }
  }

  func countMembers(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) {
    session.groups.listMembers(of: id, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  func addMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let user = try requests.referencedMember(exchange, caller)
    let receipt = try requests.receipt(exchange, by: caller)
    session.groups.addMember(user, to: id, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  /// Removes the member whose address is `$id` (OData 4.01 part 1, 11.4.6.2).
  func removeNamedMember(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    guard let address = exchange.options.id else { throw .referenceNotNamed }
    removeMember(exchange, try requests.member(at: address, exchange, caller), id, caller)
  }

  func removeMember(_ exchange: Exchange, _ user: UserID, _ id: GroupID, _ caller: Caller) {
    removeMember(exchange, .id(user), id, caller)
  }

  private func removeMember(_ exchange: Exchange, _ user: OwnerReference, _ id: GroupID, _ caller: Caller) {
    session.groups.removeMember(user, from: id, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  // MARK: Memberships

  func listMemberships(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.groups.listMemberships(of: user, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.directoryObject, of: ProfileModel.group)
    }
  }

  func countMemberships(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.groups.listMemberships(of: user, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }
}
