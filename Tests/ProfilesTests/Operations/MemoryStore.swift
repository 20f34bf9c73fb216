import OData
import Synchronization

@testable import Profiles

/// A store of two dictionaries that answers at once: just enough to run a session. Real stores have tests of their own.
final class MemoryStore: ProfileStore {
  private struct State {
    var users: [UserID: StoredUser] = [:]
    var items: [ItemKey: StoredItem] = [:]
    var changes: [Change] = []
  }

  private let state = Mutex(State())

  init(users: [StoredUser], items: [StoredItem] = []) {
    state.withLock { state in
      for user in users { state.users[user.id] = user }
      for item in items { state.items[item.key] = item }
    }
  }

  var health: StoreHealth { .healthy }

  func makeReader(resume: @escaping Resume) -> any ProfileReader { MemoryReader(store: self) }

  func submit(_ write: StoreWrite) {
    switch write {
    case .item(let operation, _, let then):
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
    case .replaceAll(_, let then): then(.success(()))
    }
  }

  private func apply(_ operation: any ItemOperation) throws(ProfileError) -> ItemOutcome {
    let change = try operation.change(ItemState(owner: owner(of: operation.key.user), item: item(operation.key)))
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
    switch try operation.change(user(operation.user)) {
    case .unchanged(let user): return .unchanged(user)
    case .put(let user, let change):
      state.withLock { state in
        state.users[user.id] = user
        state.changes.append(change)
      }
      return .written(user)
    case .remove(let change, let log):
      remove(operation.user, audiences: nil, log, change)
      state.withLock { $0.users[operation.user] = nil }
      return .removed
    case .removeItems(let change, let audiences, let log):
      remove(operation.user, audiences: audiences, log, change)
      return .removed
    }
  }

  private func remove(
    _ user: UserID, audiences: Audience?, _ log: (ItemKey, Version) -> Change, _ change: Change
  ) {
    state.withLock { state in
      for item in state.items.values where item.key.user == user && item.isFor(audiences) {
        state.items[item.key] = nil
        state.changes.append(log(item.key, item.version))
      }
      state.changes.append(change)
    }
  }

  func user(_ id: UserID) -> StoredUser? { state.withLock { $0.users[id] } }
  func item(_ key: ItemKey) -> StoredItem? { state.withLock { $0.items[key] } }
  func owner(of id: UserID) -> ItemOwner? {
    user(id).map { ItemOwner(tenant: $0.tenant, displayName: $0.displayName) }
  }

  func users() -> [StoredUser] { state.withLock { Array($0.users.values) } }
  func items(of user: UserID) -> [StoredItem] {
    state.withLock { $0.items.values.filter { $0.key.user == user } }
  }

  func items(of user: UserID, in collection: String) -> [StoredItem] {
    state.withLock { $0.items.values.filter { $0.key.user == user && $0.key.collection == collection } }
      .sorted { ($0.created, $0.key.id.text) < ($1.created, $1.key.id.text) }
  }

  func importRecords(at time: DateTimeOffset, _ next: () throws -> DirectoryRecord?) throws -> Int { 0 }
  func exportRecords(_ body: (DirectoryRecord) throws -> Void) throws {}
  func changes(of user: UserID) -> [Change] { state.withLock { $0.changes.filter { $0.user == user } } }
  func close() {}
}

private final class MemoryReader: ProfileReader {
  let store: MemoryStore

  init(store: MemoryStore) { self.store = store }

  func item(_ key: ItemKey, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void) {
    guard let item = store.item(key), let owner = store.owner(of: key.user) else { return then(.success(nil)) }
    then(.success(FoundItem(item: item, owner: owner)))
  }

  func items(
    of user: UserID, in collection: String, audiences: Audience?, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredItem>, StoreError>) -> Void
  ) {
    let rest = store.items(of: user, in: collection).filter { item in
      guard item.isFor(audiences) else { return false }
      guard let position else { return true }
      return (item.created, item.key.id.text) > (position.created, position.id.text)
    }
    then(.success(StoredPage(Array(rest.prefix(limit)), isLast: rest.count <= limit)))
  }

  func count(
    of user: UserID, in collection: String, audiences: Audience?,
    _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    then(.success(store.items(of: user, in: collection).count { $0.isFor(audiences) }))
  }

  func hasItems(
    of user: UserID, beyondTenant audiences: Audience, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    then(.success(store.items(of: user).contains { $0.isFor(audiences) }))
  }

  /// Selects too many, as a store may.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int,
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
    principalName: String, in tenant: TenantID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    let folded = StoredUser.foldedPrincipalName(principalName)
    then(
      .success(
        store.users().first { $0.tenant == tenant && $0.principalName.map(StoredUser.foldedPrincipalName) == folded }))
  }
}

extension StoredItem {
  /// Whether the item is for one of these audiences; nil stands for all.
  fileprivate func isFor(_ audiences: Audience?) -> Bool {
    audiences.map { !audience.isDisjoint(with: $0) } ?? true
  }
}
