import OData
import Profiles

/// The reads of one event loop. Point reads run on the loop itself: they cost microseconds, less than a hop to another
/// thread.
final class SQLiteReader: ProfileReader {
  let connection: SQLiteReadConnection
  private let largeReads: SQLiteReaderThread
  private let scans: SQLiteReaderThread
  private let resume: Resume
  private let endPass: @Sendable () -> Void

  /// A reader of the database at `path`. Pages that are too large for the loop go to `largeReads`, and searches
  /// through the indexes of people to `scans`, so that neither waits for the other.
  init(
    path: String, condition: StoreCondition, policyDefaults: [TenantID: TenantPolicy], largeReads: SQLiteReaderThread,
    scans: SQLiteReaderThread, resume: @escaping Resume
  ) {
    connection = SQLiteReadConnection(path: path, condition: condition, policyDefaults: policyDefaults)
    self.largeReads = largeReads
    self.scans = scans
    self.resume = resume
    // Safety: `resume` runs it on the thread that the connection belongs to.
    nonisolated(unsafe) let connection = connection
    endPass = { connection.endPass() }
    connection.open()
  }

  func withSnapshot(_ body: () -> Void) {
    connection.readInPass { resume(endPass) }
    connection.withSnapshot(body)
  }

  let listReads = ListReads.inProcess

  /// Runs a read on the event loop.
  private func readNow<Answer>(
    _ read: (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) -> Result<Answer, StoreError> {
    connection.readInPass { resume(endPass) }
    return connection.read(read)
  }

  func item(
    _ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<OwnedItem?, StoreError>) -> Void
  ) {
    then(readNow { statements throws(SQLiteFailure) in try statements.item(key, for: authorization) })
  }

  func owner(
    _ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void
  ) {
    then(readNow { statements throws(SQLiteFailure) in try statements.owner(user, for: authorization) })
  }

  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, _ selection: ItemSelection,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    let (position, limit) = (selection.position, selection.limit)
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.items(of: user, in: collection, for: authorization, after: position, limit: limit)
    }
  }

  /// Selecting and sorting may look at many rows, so only people by id and a few rows of an index are read on the loop.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    let isPlain = selection == UserSelection()
    guard isPlain || selection.isNarrow else {
      return read(on: scans, then) { statements throws(SQLiteFailure) in
        try statements.users(in: tenant, selection, after: place, limit: limit)
      }
    }
    page(limit, then) { statements throws(SQLiteFailure) in
      try isPlain
        ? statements.users(in: tenant, after: place, limit: limit)
        : statements.users(in: tenant, selection, after: place, limit: limit)
    }
  }

  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    then(
      readNow { statements throws(SQLiteFailure) in
        try statements.count(of: user, in: collection, for: authorization)
      })
  }

  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    then(
      readNow { statements throws(SQLiteFailure) in
        try statements.hasItemsBeyondTenant(of: user, for: authorization)
      })
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    then(readNow { statements throws(SQLiteFailure) in try statements.relations.tenant(id) })
  }

  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    then(readNow { statements throws(SQLiteFailure) in try statements.countUsers(in: tenant) })
  }

  /// Reads up to `limit` rows: few on the loop, many on the thread for large reads.
  func page<Answer>(
    _ limit: Int, _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ read: @escaping @Sendable (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) {
    guard limit > Limits.loopRowsMax else { return then(readNow(read)) }
    self.read(on: largeReads, then, read)
  }

  private func read<Answer>(
    on thread: SQLiteReaderThread, _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ read: @escaping @Sendable (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) {
    let resume = resume
    let then = OneTimeTransfer(then)
    thread.submit { connection in
      let page = connection.read(read)
      let answer = OneTimeTransfer(page)
      resume { answer.take().map { page in then.take()?(page) } }
    } orFail: {
      resume { then.take()?(.failure(.closed)) }
    }
  }

  /// Known of nearly everybody, so that the person is read nearly never.
  func isKnownEnabled(_ user: UserID) -> Bool { !connection.mayBeDisabled(user) }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) {
    then(readNow { statements throws(SQLiteFailure) in try statements.user(id) })
  }

  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    then(
      readNow { statements throws(SQLiteFailure) in
        try statements.user(principalName: principalName, orID: orID, in: tenant)
      })
  }
}

// MARK: Groups and the audit log

extension SQLiteReader {
  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.group(id) }
  }

  func photo(of group: GroupID, _ then: @escaping (Result<StoredGroupPhoto?, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.photo(of: group) }
  }

  func links(of groups: [GroupID], _ then: @escaping (Result<[GroupID: LinkedGroup], StoreError>) -> Void) {
    page(groups.count, then) { statements throws(SQLiteFailure) in try statements.directory.links(of: groups) }
  }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.directory.groups(scope, after: id, limit: limit)
    }
  }

  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    page(Int.max, then) { statements throws(SQLiteFailure) in try statements.directory.countGroups(scope) }
  }

  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.directory.members(of: group, after: id, limit: limit)
    }
  }

  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    page(Int.max, then) { statements throws(SQLiteFailure) in try statements.directory.countMembers(of: group) }
  }

  func isMember(_ viewer: TenantUser, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.isMember(viewer, of: group) }
  }

  func managers(of people: [UserID], _ then: @escaping (Result<[UserID: StoredUser], StoreError>) -> Void) {
    page(people.count, then) { statements throws(SQLiteFailure) in try statements.directory.managers(of: people) }
  }

  func reports(
    of manager: UserID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.directory.reports(of: manager, after: id, limit: limit)
    }
  }

  func reports(of managers: [UserID], _ then: @escaping (Result<[UserID], StoreError>) -> Void) {
    page(Int.max, then) { statements throws(SQLiteFailure) in try statements.directory.reports(of: managers) }
  }

  func changes(
    of person: TenantUser, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.directory.changes(of: person, from: place, limit: limit)
    }
  }

  func countChanges(of person: TenantUser, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.countChanges(of: person) }
  }
}
