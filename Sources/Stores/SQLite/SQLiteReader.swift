import OData
import Profiles

/// Reads of one event loop, finished on that loop: a point read costs microseconds, a hop to another thread more.
final class SQLiteReader: ProfileReader {
  let source: SQLiteReadSource
  private let largeReads: SQLiteReaderThread
  private let scans: SQLiteReaderThread
  private let resume: Resume

  /// A reader of the database at `path`; pages that are too large for the loop go to `largeReads`, and what may look at
  /// every row of a tenant to `scans`, so that neither waits for the other.
  init(
    path: String, condition: SQLiteCondition, undecided: [TenantID: TenantPolicy], largeReads: SQLiteReaderThread,
    scans: SQLiteReaderThread, resume: @escaping Resume
  ) {
    source = SQLiteReadSource(path: path, condition: condition, undecided: undecided)
    self.largeReads = largeReads
    self.scans = scans
    self.resume = resume
    source.open()
  }

  func together(_ body: () -> Void) { source.together(body) }

  func item(_ key: ItemKey, for sight: Sight, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void) {
    then(source.read { statements throws(SQLiteFailure) in try statements.item(key, for: sight) })
  }

  func owner(_ user: UserID, for sight: Sight, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void) {
    then(source.read { statements throws(SQLiteFailure) in try statements.owner(user, for: sight) })
  }

  func items(
    of user: UserID, in collection: String, for sight: Sight, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.items(of: user, in: collection, for: sight, after: position, limit: limit)
    }
  }

  /// Selecting and sorting may read every row of the tenant, so only people by id are read on the loop.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    guard selection == UserSelection() else {
      return read(on: scans, then) { statements throws(SQLiteFailure) in
        try statements.users(in: tenant, selection, after: place, limit: limit)
      }
    }
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.users(in: tenant, after: place, limit: limit)
    }
  }

  func count(
    of user: UserID, in collection: String, for sight: Sight, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    then(
      source.read { statements throws(SQLiteFailure) in try statements.count(of: user, in: collection, for: sight) })
  }

  func hasItemsBeyondTenant(
    of user: UserID, for sight: Sight, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    then(source.read { statements throws(SQLiteFailure) in try statements.hasItemsBeyondTenant(of: user, for: sight) })
  }

  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void) {
    then(source.read { statements throws(SQLiteFailure) in try statements.standings.tenant(id) })
  }

  /// Counting reads every row of the tenant, so it does not keep the loop.
  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    read(on: scans, then) { statements throws(SQLiteFailure) in try statements.countUsers(in: tenant) }
  }

  /// Reads up to `limit` rows: a few on this thread, more on the one for large reads.
  func page<Answer>(
    _ limit: Int, _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ read: @escaping @Sendable (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) {
    guard limit > Limits.loopRowsMax else { return then(source.read(read)) }
    self.read(on: largeReads, then, read)
  }

  private func read<Answer>(
    on thread: SQLiteReaderThread, _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ read: @escaping @Sendable (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) {
    let resume = resume
    let then = Handover(then)
    thread.submit { source in
      let page = source.read(read)
      let answer = Handover(page)
      resume { answer.take().map { page in then.take()?(page) } }
    } orFail: {
      resume { then.take()?(.failure(.closed)) }
    }
  }

  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void) {
    then(source.read { statements throws(SQLiteFailure) in try statements.user(id) })
  }

  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    then(
      source.read { statements throws(SQLiteFailure) in
        try statements.user(principalName: principalName, orID: orID, in: tenant)
      })
  }
}
