import OData
import Profiles

/// Reads of one event loop, answered later by the threads of the pool.
final class PostgreSQLReader: ProfileReader {
  private let pool: PostgreSQLPool
  private let condition: PostgreSQLCondition
  private let resume: Resume

  init(_ pool: PostgreSQLPool, _ condition: PostgreSQLCondition, resume: @escaping Resume) {
    self.pool = pool
    self.condition = condition
    self.resume = resume
  }

  private func read<Answer: Sendable>(
    _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ body: @escaping @Sendable (PostgreSQLReads) throws(PostgreSQLFailure) -> Answer
  ) {
    let resume = resume
    let condition = condition
    let then = Handover(then)
    let isTaken = pool.submit { session in
      let answer: Result<Answer, StoreError> =
        condition.isClosed
        ? .failure(.closed)
        : session.read { connection throws(PostgreSQLFailure) in
          try body(PostgreSQLReads(connection, session.standings))
        }
      resume { then.take()?(answer) }
    }
    if !isTaken { resume { then.take()?(.failure(.closed)) } }
  }

  func item(_ key: ItemKey, for sight: Sight, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.item(key, sight) }
  }

  func owner(_ user: UserID, for sight: Sight, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.owner(user, sight) }
  }

  func items(
    of user: UserID, in collection: String, for sight: Sight, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in
      try reads.items(of: user, in: collection, sight, after: position, limit: limit)
    }
  }

  func count(
    of user: UserID, in collection: String, for sight: Sight, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.count(of: user, in: collection, sight) }
  }

  func hasItemsBeyondTenant(
    of user: UserID, for sight: Sight, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.hasItemsBeyondTenant(of: user, sight) }
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.tenant(id) }
  }

  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in
      try reads.users(in: tenant, selection, after: place, limit: limit)
    }
  }

  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.number(PostgreSQLReads.countUsers, .text(tenant.text)) }
  }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.user(id) }
  }

  func user(
    principalName: String, in tenant: TenantID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.user(principalName: principalName, in: tenant) }
  }

  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.group(id) }
  }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.groups(scope, after: id, limit: limit) }
  }

  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.countGroups(scope) }
  }

  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.members(of: group, after: id, limit: limit) }
  }

  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.number(PostgreSQLReads.countMembers, .text(group.text)) }
  }

  func isMember(_ viewer: Viewer, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.isMember(viewer, of: group) }
  }

  func changes(
    of person: Viewer, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<RecordedChange>, StoreError>) -> Void
  ) {
    read(then) { reads throws(PostgreSQLFailure) in try reads.changes(of: person, from: place, limit: limit) }
  }

  func countChanges(of person: Viewer, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(then) { reads throws(PostgreSQLFailure) in
      try reads.number(PostgreSQLReads.countChanges, .text(person.user.text), .text(person.tenant.text))
    }
  }
}
