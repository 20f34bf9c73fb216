import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Groups, who is in them, and the record.
extension GraphHandler {
  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onList list: DirectoryList, _ caller: Caller
  ) throws(GraphError) {
    switch (method, list) {
    case (.GET, _):
      let page = try PageRequest(exchange, by: caller, key: settings.pageKey)
      read(list, page.query, caller) { [self] in finish(exchange, list: $0, page) }
    case (.POST, .groups):
      let patch = try patch(exchange, .create, ProfileModel.group)
      let receipt = try receipt(exchange, by: caller)
      session.createGroup(patch, members: try members(patch), once: receipt, by: caller) { [self] in
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

  /// Reads a list; of the record, with the id of the person whose it is.
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
    _ exchange: Exchange, list result: Result<(UserID?, Listing<VisibleObject>), ProfileError>, _ page: PageRequest
  ) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success((let owner, let listing)):
      let encoder = encoder(exchange)
      let selection = exchange.options.selection
      let type = exchange.resource?.type ?? ProfileModel.user
      let context =
        owner.map { encoder.changesContext(of: $0, selection) } ?? encoder.context(ofSetOf: type, selection)
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
      session.updateGroup(id, patch, members: try members(patch), preconditions: preconditions, by: caller) {
        [self] in finish(exchange, updated: $0)
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
    guard method == .POST else { throw .methodNotAllowed([.POST]) }
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
    let address = try body.withBytes { bytes throws(GraphError) in try EntityReference(bytes).address }
    let user = try Self.member(at: address)
    session.addMember(user, to: id, once: try receipt(exchange, by: caller), by: caller) { [self] in
      finish(exchange, removed: $0)
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onReferenceTo user: UserID, in id: GroupID, _ caller: Caller
  ) throws(GraphError) {
    guard method == .DELETE else { throw .methodNotAllowed([.DELETE]) }
    session.removeMember(user, from: id, by: caller) { [self] in finish(exchange, removed: $0) }
  }

  // MARK: References

  /// The people whom `members@odata.bind` names.
  private func members(_ patch: StructuredPatch) throws(GraphError) -> [UserID] {
    let addresses = patch.bindings["members"] ?? []
    guard addresses.count <= Limits.membersAddedMax else { throw .membersTooMany }
    var members: [UserID] = []
    for address in addresses { members.append(try Self.member(at: address)) }
    return members
  }

  /// The person at an address: its last two segments are the entity set and the id.
  private static func member(at address: String) throws(GraphError) -> UserID {
    let path = address.utf8.prefix { $0 != UInt8(ascii: "?") }
    let segments = path.split(separator: UInt8(ascii: "/"))
    guard segments.count >= 2, let set = PercentEncoding.decode(segments[segments.count - 2]),
      ["directoryobjects", "users", "user"].contains(set.lowercased()),
      let id = PercentEncoding.decode(segments[segments.count - 1]).flatMap(UserID.init)
    else { throw .malformedReference }
    return id
  }
}

/// The body that names an entity by its address (OData JSON 4.01 section 14).
private struct EntityReference {
  let address: String

  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(GraphError) {
    var address: String?
    do {
      var reader = JSONReader(bytes)
      var known: Set<[UInt8]> = []
      try reader.beginObject()
      while let name = try reader.nextName(notAmong: &known) {
        guard name.string == "@odata.id" || name.string == "@id" else {
          try reader.skipValue()
          continue
        }
        // Two addresses would be one for us and maybe the other one for somebody who looked at this before.
        guard address == nil else { throw GraphError.malformedReference }
        address = try reader.readString().string
      }
      try reader.finish()
    } catch {
      throw .malformedReference
    }
    guard let address else { throw .malformedReference }
    self.address = address
  }
}
