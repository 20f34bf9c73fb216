import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Groups, who is in them, and the audit log.
extension GraphHandler {
  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onList list: DirectoryList, _ caller: Caller
  ) throws(GraphError) {
    switch (method, list) {
    case (.GET, _):
      let page = try PageRequest(exchange, by: caller, key: settings.pageTokenCipher)
      read(list, page.query, caller) { [self] in finish(exchange, list, $0, page) }
    case (.POST, .groups):
      let patch = try patch(exchange, .create, ProfileModel.group)
      let receipt = try receipt(exchange, by: caller)
      let members = try members(patch, exchange, caller)
      session.createGroup(patch, members: members, once: receipt, by: caller) { [self] in
        finish(exchange, created: $0)
      }
    case (_, .groups): throw .methodNotAllowed([.GET, .HEAD, .POST])
    default: throw .methodNotAllowed([.GET, .HEAD])
    }
  }

  func perform(_ exchange: Exchange, countOf list: DirectoryList, _ caller: Caller) {
    read(list, counting(exchange), caller) { [self] in
      finish(exchange, count: $0.map { $0.1.count ?? 0 })
    }
  }

  /// Reads a list; of the audit log, with the id of the person whose it is.
  private func read(
    _ list: DirectoryList, _ query: ListQuery, _ caller: Caller,
    _ then: @escaping (Result<(UserID?, Listing<VisibleObject>), ProfileError>) -> Void
  ) {
    switch list {
    case .groups: session.listGroups(query, by: caller) { then($0.map { (nil, $0) }) }
    case .members(let id): session.listMembers(of: id, query, by: caller) { then($0.map { (nil, $0) }) }
    case .memberships(let owner): session.listMemberships(of: owner, query, by: caller) { then($0.map { (nil, $0) }) }
    case .changes(let owner):
      session.listChanges(of: owner, query, by: caller) { then($0.map { (Optional($0.0), $0.1) }) }
    }
  }

  private func finish(
    _ exchange: Exchange, _ list: DirectoryList, _ result: Result<(UserID?, Listing<VisibleObject>), ProfileError>,
    _ page: PageRequest
  ) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success((let owner, let listing)):
      let encoder = encoder(exchange)
      let selection = exchange.options.selection
      let context =
        owner.map { encoder.changesContext(of: $0, selection) }
        ?? encoder.context(ofSetOf: list.setType, selection, of: list.type)
      finish(exchange, listing, context, page, Self.userHeaders) { encoder.objects($0, selection, isFirst: $1) }
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onGroup id: GroupID, _ caller: Caller
  ) throws(GraphError) {
    switch method {
    case .GET: session.readGroup(id, by: caller) { [self] in finish(exchange, read: $0) }
    case .PATCH:
      let patch = try patch(exchange, .update, ProfileModel.group)
      let preconditions = try preconditions(exchange)
      let members = try members(patch, exchange, caller)
      session.updateGroup(id, patch, members: members, preconditions: preconditions, by: caller) { [self] in
        finish(exchange, updated: $0)
      }
    case .DELETE:
      let preconditions = try preconditions(exchange)
      session.deleteGroup(id, preconditions: preconditions, by: caller) { [self] in finish(exchange, removed: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .PATCH, .DELETE])
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onReferencesOf id: GroupID, _ caller: Caller
  ) throws(GraphError) {
    switch method {
    case .POST:
      guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
      let address = try body.withBytes { bytes throws(GraphError) in try EntityReference(bytes).address }
      let user = try member(at: address, exchange, caller)
      session.addMember(user, to: id, once: try receipt(exchange, by: caller), by: caller) { [self] in
        finish(exchange, removed: $0)
      }
    case .DELETE:
      // OData 4.01 part 1, 11.4.6.2: the reference is that of the entity in `$id`.
      guard let address = exchange.options.id else { throw .referenceNotNamed }
      let user = try member(at: address, exchange, caller)
      session.removeMember(user, from: id, by: caller) { [self] in finish(exchange, removed: $0) }
    default: throw .methodNotAllowed([.POST, .DELETE])
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onReferenceTo user: UserID, in id: GroupID, _ caller: Caller
  ) throws(GraphError) {
    guard method == .DELETE else { throw .methodNotAllowed([.DELETE]) }
    session.removeMember(.id(user), from: id, by: caller) { [self] in finish(exchange, removed: $0) }
  }

  // MARK: References

  /// The people whom `members@odata.bind` names.
  private func members(
    _ patch: StructuredPatch, _ exchange: Exchange, _ caller: Caller
  ) throws(GraphError) -> [OwnerReference] {
    let addresses = patch.bindings["members"] ?? []
    guard addresses.count <= Limits.membersAddedMax else { throw .membersTooMany }
    var members: [OwnerReference] = []
    for address in addresses { members.append(try member(at: address, exchange, caller)) }
    return members
  }

  /// The person at an address.
  private func member(
    at address: String, _ exchange: Exchange, _ caller: Caller
  ) throws(GraphError) -> OwnerReference {
    try self.address(address, in: exchange.request, from: .ownAndGraph).person(in: caller.tenant)
  }
}

/// The body that names an entity by its address (OData JSON 4.01 section 14).
private struct EntityReference {
  let address: String

  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(GraphError) {
    var address: String?
    do {
      var reader = JSONReader(bytes, dialect: .graph)
      var known: Set<[UInt8]> = []
      try reader.skipByteOrderMark()
      guard try reader.peek() == .object else { throw GraphError.malformedReference }
      try reader.beginObject()
      while let name = try reader.nextName(notAmong: &known) {
        guard name.string == "@odata.id" || name.string == "@id" else {
          try reader.skipValue()
          continue
        }
        // Two addresses would be one for us and maybe the other one for somebody who looked at this before.
        guard address == nil, try reader.peek() == .string else { throw GraphError.malformedReference }
        address = try reader.readString().string
      }
      try reader.finish()
    } catch let error as JSONError {
      throw GraphError(BodyError.malformed(error))
    } catch {
      throw .malformedReference
    }
    guard let address else { throw .malformedReference }
    self.address = address
  }
}

extension GraphError {
  static let malformedReference = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "A reference must name a person, as /users/{id or principal name} or /directoryObjects/{id}, in the "
      + "'@odata.id' of an object or in an array 'members@odata.bind'.")

  static let referenceNotNamed = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "Name the reference to take away: DELETE .../members/{id}/$ref, or .../members/$ref?$id={address}.")

  static let membersTooMany = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "One request adds at most \(Limits.membersAddedMax) members. Send the others with further requests.")
}
