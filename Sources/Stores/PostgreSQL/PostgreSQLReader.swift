import Dispatch
import OData
import Profiles

/// The reads of one event loop, which the threads of the nodes answer later.
final class PostgreSQLReader: ProfileReader {
  private let nodes: PostgreSQLNodes
  private let resume: Resume

  /// A reader whose answers `resume` brings back to the thread that it belongs to.
  init(_ nodes: PostgreSQLNodes, resume: @escaping Resume) {
    self.nodes = nodes
    self.resume = resume
  }

  private func read<Answer: Sendable>(
    _ request: PostgreSQLReadRequest<Answer>, isLarge: Bool = false,
    _ then: @escaping (Result<Answer, StoreError>) -> Void
  ) {
    Self.read(request, isLarge: isLarge, by: nil, nodes, PostgreSQLAnswer(then, resume))
  }

  /// Queues the first step of a read, which queues the next one. All of them share the deadline; nil stands for that of a new
  /// read. What any node can answer is asked once more, of another one, when a node is away.
  private static func read<Answer: Sendable>(
    _ request: PostgreSQLReadRequest<Answer>, isLarge: Bool, by deadline: DispatchTime?, _ nodes: PostgreSQLNodes,
    _ answer: PostgreSQLAnswer<Answer>, isAgain: Bool = false
  ) {
    let node = nodes.node(of: request.place)
    if let outage = node.outage { return answer.give(.failure(outage)) }
    let deadline = deadline ?? .now() + .seconds(node.reads.retrySeconds)
    func trip(_ trip: PostgreSQLTrip<Answer>) -> PostgreSQLRead.Trip {
      PostgreSQLRead.Trip(queries: trip.queries) { reads, rows throws(PostgreSQLFailure) in
        switch try trip.step(reads, rows) {
        case .done(let done): answer.give(.success(done))
        case .next(let next): Self.read(next, isLarge: isLarge, by: deadline, nodes, answer)
        }
      }
    }
    let read = PostgreSQLRead(
      place: request.place, trip: trip(request.trip), ofOneMoment: request.ofOneMoment.map(trip), deadline: deadline,
      fail: { error in
        guard request.place.isOfAnyNode, !isAgain, case .unavailable = error, !answer.isGiven else {
          return answer.give(.failure(error))
        }
        Self.read(request, isLarge: isLarge, by: nil, nodes, answer, isAgain: true)
      })
    if !(isLarge ? nodes.largeReads : node.reads).submit(read) { answer.give(.failure(.closed)) }
  }

  let listReads = ListReads.overNetwork

  /// No snapshot is shared: each read is answered later. Reads that wait together share a round trip.
  func withSnapshot(_ body: () -> Void) { body() }

  func item(
    _ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<OwnedItem?, StoreError>) -> Void
  ) {
    read(.item(key, authorization, isDistributed: nodes.isDistributed).checking(authorization.account), then)
  }

  func owner(
    _ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void
  ) {
    read(.owner(user, authorization, isDistributed: nodes.isDistributed).checking(authorization.account), then)
  }

  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, _ selection: ItemSelection,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    read(
      .items(of: user, in: collection, authorization, selection, isDistributed: nodes.isDistributed)
        .checking(authorization.account), then)
  }

  func items(
    _ ids: [ItemID], of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<[OwnedItem], StoreError>) -> Void
  ) {
    read(
      .items(
        ids, of: user, in: collection, authorization, expecting: expected, isDistributed: nodes.isDistributed
      ).checking(authorization.account), then)
  }

  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    read(
      .count(of: user, in: collection, authorization, expecting: expected, isDistributed: nodes.isDistributed)
        .checking(authorization.account), then)
  }

  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    read(.hasItemsBeyondTenant(of: user, authorization, isDistributed: nodes.isDistributed), then)
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    read(.tenant(id), then)
  }

  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    read(
      .users(in: tenant, selection, after: place, limit: limit), isLarge: selection != UserSelection(), then)
  }

  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(.number(at: .severalNodes, PostgreSQLReads.countUsers, .text(tenant.text)), isLarge: true, then)
  }

  let itemsCheckAccounts = true

  func isDisabled(_ account: TenantUser, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    read(.isDisabled(account), then)
  }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) { read(.user(id), then) }

  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    guard nodes.isDistributed else {
      return read(.user(principalName: principalName, orID: orID, in: tenant), then)
    }
    guard orID, let id = UserID(principalName) else { return userOnNodes(principalName, in: tenant, then) }
    read(.user(id)) { [self] found in
      if case .success(let user) = found, user?.tenant != tenant {
        userOnNodes(principalName, in: tenant, then)
      } else {
        then(found)
      }
    }
  }

  /// Asks the node of the name, and then that of the person.
  private func userOnNodes(
    _ principalName: String, in tenant: TenantID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    let key = PrincipalName.key(of: principalName)
    read(.holder(of: key, in: tenant)) { [self] holder in
      switch holder {
      case .success(nil): then(.success(nil))
      case .success(let id?): read(.user(id, named: key, in: tenant), then)
      case .failure(let error): then(.failure(error))
      }
    }
  }

  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) { read(.group(id), then) }

  func photo(of group: GroupID, _ then: @escaping (Result<StoredGroupPhoto?, StoreError>) -> Void) {
    read(.photo(of: group), then)
  }

  func links(of groups: [GroupID], _ then: @escaping (Result<[GroupID: LinkedGroup], StoreError>) -> Void) {
    read(.links(of: groups), then)
  }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void
  ) {
    read(.groups(scope, after: id, limit: limit), then)
  }

  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(.countGroups(scope), then)
  }

  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    read(.members(of: group, after: id, limit: limit), then)
  }

  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(.number(at: .severalNodes, PostgreSQLReads.countMembers, .text(group.text)), isLarge: true, then)
  }

  func isMember(_ viewer: TenantUser, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    read(.isMember(viewer, of: group), then)
  }

  func changes(
    of person: TenantUser, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void
  ) {
    read(.changes(of: person, from: place, limit: limit), then)
  }

  func countChanges(of person: TenantUser, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(
      .number(
        at: .person(person.user), PostgreSQLReads.countChanges, .text(person.user.text), .text(person.tenant.text)),
      then)
  }
}
