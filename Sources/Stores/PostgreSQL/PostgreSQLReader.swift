import Dispatch
import OData
import Profiles

/// Reads of one event loop, answered later by the threads of the pool.
final class PostgreSQLReader: ProfileReader {
  private let pool: PostgreSQLPool
  private let largeReads: PostgreSQLPool
  private let resume: Resume

  init(_ pool: PostgreSQLPool, large largeReads: PostgreSQLPool, resume: @escaping Resume) {
    self.pool = pool
    self.largeReads = largeReads
    self.resume = resume
  }

  private func ask<Answer: Sendable>(
    _ inquiry: PostgreSQLReadRequest<Answer>, isLarge: Bool = false, _ then: @escaping (Result<Answer, StoreError>) -> Void
  ) {
    let resume = resume
    let then = OneTimeTransfer(then)
    let give: @Sendable (Result<Answer, StoreError>) -> Void = { answer in resume { then.take()?(answer) } }
    let read = PostgreSQLRead(
      queries: inquiry.queries, deadline: .now() + .seconds(pool.retrySeconds),
      proceed: { reads, rows throws(PostgreSQLFailure) in give(.success(try inquiry.answer(reads, rows))) },
      fail: { give(.failure($0)) })
    if !(isLarge ? largeReads : pool).submit(read) { give(.failure(.closed)) }
  }

  /// Each read is answered later, when others share its round trip.
  func together(_ body: () -> Void) { body() }

  func item(_ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void) {
    ask(.item(key, authorization), then)
  }

  func owner(_ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void) {
    ask(.owner(user, authorization), then)
  }

  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    ask(.items(of: user, in: collection, authorization, after: position, limit: limit), then)
  }

  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    ask(.count(of: user, in: collection, authorization), then)
  }

  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    ask(.hasItemsBeyondTenant(of: user, authorization), then)
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    ask(.tenant(id), then)
  }

  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    ask(
      .users(in: tenant, selection, after: place, limit: limit), isLarge: selection != UserSelection(), then)
  }

  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    ask(.number(PostgreSQLReads.countUsers, .text(tenant.text)), isLarge: true, then)
  }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) { ask(.user(id), then) }

  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    ask(.user(principalName: principalName, orID: orID, in: tenant), then)
  }

  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) { ask(.group(id), then) }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void
  ) {
    ask(.groups(scope, after: id, limit: limit), then)
  }

  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    ask(.countGroups(scope), then)
  }

  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    ask(.members(of: group, after: id, limit: limit), then)
  }

  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    ask(.number(PostgreSQLReads.countMembers, .text(group.text)), isLarge: true, then)
  }

  func isMember(_ viewer: Viewer, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    ask(.isMember(viewer, of: group), then)
  }

  func changes(
    of person: Viewer, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void
  ) {
    ask(.changes(of: person, from: place, limit: limit), then)
  }

  func countChanges(of person: Viewer, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    ask(.number(PostgreSQLReads.countChanges, .text(person.user.text), .text(person.tenant.text)), then)
  }
}
