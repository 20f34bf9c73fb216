import Dispatch
import OData
import Profiles

/// A store with `async` calls.
final class StoreDriver: Sendable {
  let store: any ProfileStore

  init(_ store: any ProfileStore) { self.store = store }

  /// Queues a write of one item and waits for its answer.
  func write(_ operation: any ItemOperation) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.item(operation) { continuation.resume(returning: $0) })
    }
  }

  /// Writes an item, which must succeed, and returns it.
  @discardableResult
  func put(_ operation: ProbeOperation) async throws -> StoredItem {
    switch await write(operation) {
    case .success(.written(let item)), .success(.unchanged(let item)): return item
    case let other: throw ConformanceFailure("A write that must succeed ended with \(other).")
    }
  }

  /// Queues a write of one person and waits for its answer.
  func write(_ operation: any PersonOperation) async -> Result<PersonOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.person(operation) { continuation.resume(returning: $0) })
    }
  }

  /// Creates an item under a receipt and waits for the answer.
  func create(_ item: StoredItem, _ receipt: IdempotencyReceipt) async -> Result<
    IdempotentOutcome<ItemOutcome>, ProfileError
  > {
    await withCheckedContinuation { continuation in
      store.submit(.createItem(ProbeOperation.create(item), receipt) { continuation.resume(returning: $0) })
    }
  }

  /// Creates a person under a receipt and waits for the answer.
  func create(_ person: StoredUser, _ receipt: IdempotencyReceipt) async -> Result<
    IdempotentOutcome<PersonOutcome>, ProfileError
  > {
    await withCheckedContinuation { continuation in
      store.submit(.createPerson(AddPerson(person: person), receipt) { continuation.resume(returning: $0) })
    }
  }

  /// Queues the creation of a group, or of a membership, under a receipt and waits for the answer.
  func create(_ operation: ProbeGroupOperation, _ receipt: IdempotencyReceipt) async -> Result<
    IdempotentOutcome<GroupOutcome>, ProfileError
  > {
    await withCheckedContinuation { continuation in
      store.submit(.createGroup(operation, receipt) { continuation.resume(returning: $0) })
    }
  }

  /// Queues writes that are applied together and waits for the answer.
  func write(_ operations: [any ItemOperation]) async -> Result<ChangesetOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.atomic(operations) { continuation.resume(returning: $0) })
    }
  }

  /// Queues a write of one group and waits for its answer.
  func write(_ operation: any GroupOperation) async -> Result<GroupOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.group(operation) { continuation.resume(returning: $0) })
    }
  }

  /// Queues a write of what a tenant decided and waits for its answer.
  func write(_ operation: any TenantOperation) async -> Result<TenantSettings, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.tenant(operation) { continuation.resume(returning: $0) })
    }
  }

  /// Adds a person, unless they exist, and waits for the answer.
  func add(_ user: StoredUser) async throws {
    if case .failure(let error) = await write(AddPerson(person: user)) {
      throw ConformanceFailure("Adding a person ended with \(error).")
    }
  }

  /// Replaces everything and waits for the answer.
  func replaceAll(_ lines: [ImportLine]) async -> Result<Void, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.replaceAll(lines, at: Probe.time(0)) { continuation.resume(returning: $0) })
    }
  }

  /// A new reader.
  func reader() throws -> ReaderDriver { try ReaderDriver(store) }

  /// The item as a new reader sees it.
  func item(_ key: ItemKey) async throws -> StoredItem? { try await reader().item(key).get()?.item }

  /// The audit log of a person.
  func changes(of user: UserID, in tenant: TenantID = Probe.tenant) async throws -> [Change] {
    let store = store
    return try await blocking { try store.changes(of: user, in: tenant) }
  }

  /// Everything that an export gives.
  func export() async throws -> [ImportLine] {
    let store = store
    return try await blocking {
      var lines: [ImportLine] = []
      try store.exportLines { lines.append($0) }
      return lines
    }
  }

  /// Imports these lines; after the last of them it throws `error` unless that is nil.
  @discardableResult
  func importLines(_ lines: [ImportLine], thenThrow error: (any Error)? = nil) async throws -> Int {
    let store = store
    return try await blocking {
      var rest = lines[...]
      return try store.importLines(at: Probe.time(0)) {
        if rest.isEmpty, let error { throw error }
        return rest.popFirst()
      }
    }
  }

  /// Closes the store.
  func close() async throws {
    let store = store
    try await blocking { store.close() }
  }
}

/// Runs a call that blocks where it keeps no other task.
public func blocking<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
  }
}

/// A reader that lives on a serial queue of its own, as others live on an event loop.
final class ReaderDriver: @unchecked Sendable {
  private let queue = DispatchQueue(label: "conformance-reader")
  // Safety: made, used and answered on `queue` only.
  private var reader: (any ProfileReader)?

  init(_ store: any ProfileStore) throws {
    let queue = queue
    reader = try queue.sync { try store.makeReader { work in queue.async(execute: work) } }
  }

  /// The item with its owner.
  func item(_ key: ItemKey) async -> Result<OwnedItem?, StoreError> {
    await ask { reader, then in reader.item(key, for: .everything, then) }
  }

  /// The item as a read shows it that begins behind an acknowledged write, in the same pass of the queue as reads
  /// before the write. `write` must not return before the write is acknowledged.
  func item(_ key: ItemKey, after write: @escaping @Sendable () -> Void) async -> Result<OwnedItem?, StoreError> {
    await ask { reader, then in
      // From the second read on a pass may share a snapshot.
      for _ in 0..<3 { reader.item(key, for: .everything) { _ in } }
      write()
      reader.item(key, for: .everything, then)
    }
  }

  /// One page of a collection.
  func page(
    of user: UserID, in collection: String, for authorization: AuthorizationContext = .everything,
    after position: ItemPosition? = nil, limit: Int, where condition: ItemCondition? = nil,
    expecting expected: ExpectedAudiences = .unknown
  ) async -> Result<StoredPage<StoredItem>, StoreError> {
    await ask { reader, then in
      let selection = ItemSelection(after: position, limit: limit, where: condition, expecting: expected)
      reader.items(of: user, in: collection, for: authorization, selection) { then($0.map(\.page)) }
    }
  }

  /// Items by their ids.
  func items(
    _ ids: [ItemID], of user: UserID, in collection: String, for authorization: AuthorizationContext,
    _ expected: ExpectedAudiences
  ) async -> Result<[OwnedItem], StoreError> {
    await ask { reader, then in
      reader.items(ids, of: user, in: collection, for: authorization, expecting: expected, then)
    }
  }

  /// The items of one page of a collection.
  func items(
    of user: UserID, in collection: String, after position: ItemPosition? = nil, limit: Int
  ) async -> Result<[StoredItem], StoreError> {
    await page(of: user, in: collection, after: position, limit: limit).map(\.elements)
  }

  /// The number of visible items.
  func count(of user: UserID, in collection: String, for authorization: AuthorizationContext) async -> Result<
    Int, StoreError
  > {
    await ask { reader, then in
      reader.count(of: user, in: collection, for: authorization, expecting: .unknown, then)
    }
  }

  /// Whether the person has visible items for audiences that reach beyond their tenant.
  func hasItemsBeyondTenant(of user: UserID, for authorization: AuthorizationContext) async -> Result<Bool, StoreError>
  {
    await ask { reader, then in reader.hasItemsBeyondTenant(of: user, for: authorization, then) }
  }

  /// The owner, and how the requester relates to them.
  func owner(_ user: UserID, for authorization: AuthorizationContext) async -> Result<ItemOwner?, StoreError> {
    await ask { reader, then in reader.owner(user, for: authorization, then) }
  }

  /// The item, if it is visible.
  func item(_ key: ItemKey, for authorization: AuthorizationContext) async -> Result<OwnedItem?, StoreError> {
    await ask { reader, then in reader.item(key, for: authorization, then) }
  }

  /// Whether an account is disabled.
  func isDisabled(_ account: TenantUser) async -> Result<Bool, StoreError> {
    await ask { reader, then in reader.isDisabled(account, then) }
  }

  /// Whether reads of items find out themselves that an account is disabled.
  var itemsCheckAccounts: Bool {
    get async {
      await ask { reader, then in then(.success(reader.itemsCheckAccounts)) }.map { $0 } == .success(true)
    }
  }

  /// A tenant.
  func tenant(_ id: TenantID) async -> Result<TenantSettings?, StoreError> {
    await ask { reader, then in reader.tenant(id, then) }
  }

  /// The links of groups.
  func links(of groups: [GroupID]) async -> Result<[GroupID: LinkedGroup], StoreError> {
    await ask { reader, then in reader.links(of: groups, then) }
  }

  /// One page of groups.
  func groups(
    _ scope: GroupScope, after id: String? = nil, limit: Int
  ) async -> Result<StoredPage<StoredGroup>, StoreError> {
    await ask { reader, then in reader.groups(scope, after: id, limit: limit, then) }
  }

  /// The photo of a group.
  func photo(of group: GroupID) async -> Result<StoredGroupPhoto?, StoreError> {
    await ask { reader, then in reader.photo(of: group, then) }
  }

  /// How many groups there are.
  func countGroups(_ scope: GroupScope) async -> Result<Int, StoreError> {
    await ask { reader, then in reader.countGroups(scope, then) }
  }

  /// One page of members.
  func members(
    of group: GroupID, after id: String? = nil, limit: Int
  ) async -> Result<StoredPage<StoredUser>, StoreError> {
    await ask { reader, then in reader.members(of: group, after: id, limit: limit, then) }
  }

  /// How many members there are.
  func countMembers(of group: GroupID) async -> Result<Int, StoreError> {
    await ask { reader, then in reader.countMembers(of: group, then) }
  }

  /// Whether a person is a member.
  func isMember(_ viewer: TenantUser, of group: GroupID) async -> Result<Bool, StoreError> {
    await ask { reader, then in reader.isMember(viewer, of: group, then) }
  }

  /// One page of the audit log.
  func changes(
    of person: TenantUser, from place: Int64? = nil, limit: Int
  ) async -> Result<StoredPage<AuditEntry>, StoreError> {
    await ask { reader, then in reader.changes(of: person, from: place, limit: limit, then) }
  }

  /// How many rows the audit log has.
  func countChanges(of person: TenantUser) async -> Result<Int, StoreError> {
    await ask { reader, then in reader.countChanges(of: person, then) }
  }

  /// One page of a tenant's people.
  func users(
    in tenant: TenantID, _ selection: UserSelection = UserSelection(), after place: KeysetPosition?, limit: Int
  ) async -> Result<StoredPage<StoredUser>, StoreError> {
    await ask { reader, then in reader.users(in: tenant, selection, after: place, limit: limit, then) }
  }

  /// How many people a tenant has.
  func countUsers(in tenant: TenantID) async -> Result<Int, StoreError> {
    await ask { reader, then in reader.countUsers(in: tenant, then) }
  }

  /// The person with this id.
  func user(_ id: UserID) async -> Result<StoredUser?, StoreError> {
    await ask { reader, then in reader.user(id, then) }
  }

  /// The person with this principal name.
  func user(
    principalName: String, orID: Bool = false, in tenant: TenantID
  ) async -> Result<StoredUser?, StoreError> {
    await ask { reader, then in reader.user(principalName: principalName, orID: orID, in: tenant, then) }
  }

  private func ask<Answer: Sendable>(
    _ read: @escaping @Sendable (any ProfileReader, @escaping (Result<Answer, StoreError>) -> Void) -> Void
  ) async -> Result<Answer, StoreError> {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        guard let reader else { return continuation.resume(returning: .failure(.closed)) }
        read(reader) { continuation.resume(returning: $0) }
      }
    }
  }
}
