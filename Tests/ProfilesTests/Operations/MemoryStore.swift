import OData
import Synchronization

@testable import Profiles

/// A store of two dictionaries that answers at once: just enough to run a session. Real stores have tests of their own.
final class MemoryStore: ProfileStore {
  private struct State {
    var users: [UserID: StoredUser] = [:]
    var items: [ItemKey: StoredItem] = [:]
    var managers: [UserID: UserID] = [:]
    var changes: [Change] = []
    var policy = TenantPolicy()
    var people = PeopleSettings()
    var ownerFailure: StoreError?
    var groups: [GroupID: (group: StoredGroup, links: GroupLinks, members: [UserID])] = [:]
  }

  private let state = Mutex(State())

  init(users: [StoredUser], items: [StoredItem] = []) {
    state.withLock { state in
      for user in users { state.users[user.id] = user }
      for item in items { state.items[item.key] = item }
    }
  }

  /// Gives every tenant this policy.
  func decide(_ policy: TenantPolicy) { state.withLock { $0.policy = policy } }

  /// Puts a group with its members and links, which a test keeps in order.
  func put(_ group: StoredGroup, members: [UserID] = [], _ links: GroupLinks = GroupLinks()) {
    let sorted = members.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    state.withLock { $0.groups[group.id] = (group, links, sorted) }
  }

  func group(_ id: GroupID) -> StoredGroup? { state.withLock { $0.groups[id]?.group } }
  func links(of id: GroupID) -> GroupLinks? { state.withLock { $0.groups[id]?.links } }
  func members(of id: GroupID) -> [UserID] { state.withLock { $0.groups[id]?.members ?? [] } }
  func groups(of user: UserID) -> [StoredGroup] {
    state.withLock { $0.groups.values.filter { $0.members.contains(user) }.map(\.group) }
      .sorted { $0.id.text.utf8.lexicographicallyPrecedes($1.id.text.utf8) }
  }

  var policy: TenantPolicy { state.withLock { $0.policy } }

  /// Adds a group with members, who are to come in the order of their ids.
  func add(_ group: StoredGroup, members: [UserID]) {
    put(group, members: members)
  }

  /// What a tenant decided about its people.
  var people: PeopleSettings { state.withLock { $0.people } }

  /// What reads of an owner fail with; nil while they work.
  var ownerFailure: StoreError? {
    get { state.withLock { $0.ownerFailure } }
    set { state.withLock { $0.ownerFailure = newValue } }
  }

  var health: StoreHealth { .healthy }

  func makeReader(resume: @escaping Resume) -> any ProfileReader { MemoryReader(store: self) }

  func submit(_ write: StoreWrite) {
    switch write {
    case .item(let operation, let then):
      do throws(ProfileError) { then(.success(try apply(operation))) } catch { then(.failure(error)) }
    case .person(let operation, let then):
      do throws(ProfileError) { then(.success(try apply(operation))) } catch { then(.failure(error)) }
    case .createItem(let operation, _, let then):
      do throws(ProfileError) { then(.success(.done(try apply(operation)))) } catch { then(.failure(error)) }
    case .createPerson(let operation, _, let then):
      do throws(ProfileError) { then(.success(.done(try apply(operation)))) } catch { then(.failure(error)) }
    case .atomic(let operations, let then):
      do throws(ProfileError) {
        var outcomes: [ItemOutcome] = []
        for operation in operations { outcomes.append(try apply(operation)) }
        then(.success(.applied(outcomes)))
      } catch {
        then(.failure(error))
      }
    case .group(_, let then): then(.failure(.groupNotFound))
    case .createGroup(_, _, let then): then(.failure(.groupNotFound))
    case .tenant(let operation, let then):
      var settings = TenantSettings(id: operation.tenant, policy: policy)
      settings.people = people
      do throws(ProfileError) {
        let changed = try operation.change(settings)
        state.withLock { $0.people = changed.people }
        then(.success(changed))
      } catch {
        then(.failure(error))
      }
    case .replaceAll(_, _, let then): then(.success(()))
    }
  }

  private func apply(_ operation: any ItemOperation) throws(ProfileError) -> ItemOutcome {
    let change = try operation.change(
      ItemState(owner: owner(of: operation.key.user, for: operation.authorization), item: item(operation.key)))
    switch change {
    case .unchanged(let item): return .unchanged(item)
    case .put(let item, let change):
      state.withLock { state in
        state.items[item.key] = item
        state.changes.append(change)
      }
      return .written(item)
    case .remove(let change):
      state.withLock { state in
        state.items[operation.key] = nil
        state.changes.append(change)
      }
      return .removed
    }
  }

  private func apply(_ operation: any PersonOperation) throws(ProfileError) -> PersonOutcome {
    let relation = owner(of: operation.user, for: operation.authorization)?.relation
    return try perform(
      try operation.change(PersonState(person: user(operation.user), relation: relation)), operation)
  }

  private func perform(
    _ change: PersonChange, _ operation: any PersonOperation
  ) throws(ProfileError) -> PersonOutcome {
    switch change {
    case .unchanged(let user): return .unchanged(user)
    case .put(let user, let change):
      state.withLock { state in
        state.users[user.id] = user
        state.changes.append(change)
      }
      return .written(user)
    case .setManager(let manager, let tenant, let log, let change):
      try set(manager, of: operation.user, in: tenant, log)
      return try perform(change, operation)
    case .remove(let change, let log):
      remove(operation.user, where: { _, _ in true }, log, change)
      state.withLock { $0.users[operation.user] = nil }
      return .removed
    case .removeItems(let change, let isMeant, let log):
      remove(operation.user, where: isMeant, log, change)
      return .removed
    }
  }

  private func remove(
    _ user: UserID, where isMeant: (String, Audience) -> Bool, _ log: (ItemKey, Version) -> Change, _ change: Change
  ) {
    state.withLock { state in
      for item in state.items.values
      where item.key.user == user && isMeant(item.key.collection, item.audience) {
        state.items[item.key] = nil
        state.changes.append(log(item.key, item.version))
      }
      state.changes.append(change)
    }
  }

  private func set(
    _ manager: UserID?, of person: UserID, in tenant: TenantID, _ log: (Change.Kind, UserID) -> Change
  ) throws(ProfileError) {
    if let manager, user(manager)?.tenant != tenant { throw .userNotFound }
    var above = manager
    while let next = above {
      if next == person { throw .managerCircle }
      above = self.manager(of: next)
    }
    let old = self.manager(of: person)
    if manager == nil, old == nil { throw .managerNotFound }
    state.withLock { state in
      state.managers[person] = manager
      if let old { state.changes.append(log(.deleted, old)) }
      if let manager { state.changes.append(log(.created, manager)) }
    }
  }

  /// Makes somebody the manager of a person, whatever the consequences.
  func setManager(_ manager: UserID, of id: UserID) { state.withLock { $0.managers[id] = manager } }

  func manager(of id: UserID) -> UserID? { state.withLock { $0.managers[id] } }
  func reports(of id: UserID) -> [UserID] { state.withLock { $0.managers.filter { $0.value == id }.map(\.key) } }
  func user(_ id: UserID) -> StoredUser? { state.withLock { $0.users[id] } }
  func item(_ key: ItemKey) -> StoredItem? { state.withLock { $0.items[key] } }
  func owner(of id: UserID, for authorization: AuthorizationContext) -> ItemOwner? {
    user(id).map { user in
      ItemOwner(
        tenant: user.tenant, displayName: user.displayName,
        relation: authorization.needsOwnerRelation(to: id) ? OwnerRelation(policy: policy) : nil)
    }
  }

  func users() -> [StoredUser] { state.withLock { Array($0.users.values) } }
  func items(of user: UserID) -> [StoredItem] {
    state.withLock { $0.items.values.filter { $0.key.user == user } }
  }

  func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int { 0 }
  func exportLines(_ body: (ImportLine) throws -> Void) throws {}
  func changes(of user: UserID, in tenant: TenantID) -> [Change] { changes(of: user) }
  func changes(of user: UserID) -> [Change] { state.withLock { $0.changes.filter { $0.user == user } } }
  func close() {}
}

private final class MemoryReader: ProfileReader {
  let store: MemoryStore

  init(store: MemoryStore) { self.store = store }

  let listReads = ListReads.inProcess

  func withSnapshot(_ body: () -> Void) { body() }

  func item(
    _ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<OwnedItem?, StoreError>) -> Void
  ) {
    guard let item = store.item(key), let owner = store.owner(of: key.user, for: authorization),
      item.isFor(authorization.audiences(of: key.user, owner, in: key.collection))
    else { return then(.success(nil)) }
    then(.success(OwnedItem(item: item, owner: owner)))
  }

  func owner(
    _ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void
  ) {
    if let failure = store.ownerFailure { return then(.failure(failure)) }
    then(.success(store.owner(of: user, for: authorization)))
  }

  private func visible(_ user: UserID, _ authorization: AuthorizationContext) -> [StoredItem] {
    guard let owner = store.owner(of: user, for: authorization) else { return [] }
    return store.items(of: user).filter { $0.isFor(authorization.audiences(of: user, owner, in: $0.key.collection)) }
      .sorted { ($0.created, $0.key.id.text) < ($1.created, $1.key.id.text) }
  }

  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, _ selection: ItemSelection,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    let rest = visible(user, authorization).filter { item in
      guard item.key.collection == collection else { return false }
      guard let position = selection.position else { return true }
      return (item.created, item.key.id.text) > (position.created, position.id.text)
    }
    let page = StoredPage(Array(rest.prefix(selection.limit)), isLast: rest.count <= selection.limit)
    then(.success(OwnedPage(owner: store.owner(of: user, for: authorization), page: page)))
  }

  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    then(.success(visible(user, authorization).count { $0.key.collection == collection }))
  }

  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    then(.success(visible(user, authorization).contains { !$0.audience.isDisjoint(with: .beyondTenant) }))
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    var settings = TenantSettings(id: id, policy: store.policy)
    settings.people = store.people
    then(.success(settings))
  }

  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) {
    then(.success(store.group(id)))
  }

  func links(of groups: [GroupID], _ then: @escaping (Result<[GroupID: LinkedGroup], StoreError>) -> Void) {
    var found: [GroupID: LinkedGroup] = [:]
    for id in groups {
      guard let group = store.group(id), let links = store.links(of: id) else { continue }
      found[id] = LinkedGroup(tenant: group.tenant, links: links)
    }
    then(.success(found))
  }

  func photo(of group: GroupID, _ then: @escaping (Result<StoredGroupPhoto?, StoreError>) -> Void) {
    then(.success(nil))
  }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void
  ) {
    guard case .member(let user) = scope else { return then(.success(StoredPage([], isLast: true))) }
    then(.success(Self.page(store.groups(of: user), after: id, limit, \.id.text)))
  }

  private static func page<Row>(_ rows: [Row], after id: String?, _ limit: Int, _ key: (Row) -> String) -> StoredPage<
    Row
  > {
    let rest = rows.filter { row in id.map { $0.utf8.lexicographicallyPrecedes(key(row).utf8) } ?? true }
    return StoredPage(Array(rest.prefix(limit)), isLast: rest.count <= limit)
  }

  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    guard case .member(let user) = scope else { return then(.success(0)) }
    then(.success(store.groups(of: user).count))
  }

  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    let people = store.members(of: group).compactMap(store.user)
    then(.success(Self.page(people, after: id, limit, \.id.text)))
  }

  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    then(.success(store.members(of: group).count))
  }

  func isMember(_ viewer: TenantUser, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    then(.success(store.members(of: group).contains(viewer.user)))
  }

  func changes(
    of person: TenantUser, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void
  ) {
    let rows = store.changes(of: person.user).enumerated().reversed().map {
      AuditEntry(position: Int64($0.offset + 1), change: $0.element, older: $0.offset > 0 ? Int64($0.offset) : nil)
    }
    let rest = rows.filter { row in place.map { row.position <= $0 } ?? true }
    then(.success(StoredPage(Array(rest.prefix(limit)), isLast: rest.count <= limit)))
  }

  func countChanges(of person: TenantUser, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    then(.success(store.changes(of: person.user).count))
  }

  func managers(of people: [UserID], _ then: @escaping (Result<[UserID: StoredUser], StoreError>) -> Void) {
    var managers: [UserID: StoredUser] = [:]
    for id in people { managers[id] = store.manager(of: id).flatMap(store.user) }
    then(.success(managers))
  }

  func reports(
    of manager: UserID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    let reports = store.reports(of: manager).filter { $0.text > id ?? "" }.sorted { $0.text < $1.text }
    then(.success(StoredPage(reports.prefix(limit).compactMap(store.user), isLast: reports.count <= limit)))
  }

  func reports(of managers: [UserID], _ then: @escaping (Result<[UserID], StoreError>) -> Void) {
    then(.success(managers.flatMap(store.reports)))
  }

  /// Selects too many, as a store may.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    let users = store.users().filter { user in
      user.tenant == tenant && (place.map { selection.precedes($0, selection.place(of: user)) } ?? true)
    }
    let page = users.sorted { selection.precedes(selection.place(of: $0), selection.place(of: $1)) }.prefix(limit)
    then(.success(StoredPage(Array(page), isLast: users.count <= limit)))
  }

  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    then(.success(store.users().count { $0.tenant == tenant }))
  }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) {
    then(.success(store.user(id)))
  }

  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    let users = store.users().filter { $0.tenant == tenant }
    let referred = orID ? users.first { $0.id.text.hasSameBytes(as: principalName) } : nil
    let key = PrincipalName.key(of: principalName)
    then(.success(referred ?? users.first { $0.principalNameKey?.hasSameBytes(as: key) == true }))
  }
}

extension StoredItem {
  /// Whether the item is for one of these audiences; nil stands for all.
  fileprivate func isFor(_ audiences: Audience?) -> Bool {
    audiences.map { !audience.isDisjoint(with: $0) } ?? true
  }
}
