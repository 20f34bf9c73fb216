import OData
import Profiles

/// Reads of one event loop, finished on that loop: a point read costs microseconds, a hop to another thread more.
final class SQLiteReader: ProfileReader {
  private let source: SQLiteReadSource
  private let largeReads: SQLiteReaderThread
  private let resume: Resume

  /// A reader of the database at `path`; pages that are too large for the loop go to `largeReads`.
  init(path: String, condition: SQLiteCondition, largeReads: SQLiteReaderThread, resume: @escaping Resume) {
    source = SQLiteReadSource(path: path, condition: condition)
    self.largeReads = largeReads
    self.resume = resume
    source.open()
  }

  func item(_ key: ItemKey, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void) {
    then(source.read { statements throws(SQLiteFailure) in try statements.item(key) })
  }

  func items(
    of user: UserID, in collection: String, audiences: Audience?, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredItem>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.items(of: user, in: collection, audiences: audiences, after: position, limit: limit)
    }
  }

  /// Selecting and sorting may read every row of the tenant, so only people by id are read on the loop.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void
  ) {
    guard selection == UserSelection() else {
      return page(Int.max, then) { statements throws(SQLiteFailure) in
        try statements.users(in: tenant, selection, after: place, limit: limit)
      }
    }
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.users(in: tenant, after: place, limit: limit)
    }
  }

  func count(
    of user: UserID, in collection: String, audiences: Audience?,
    _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    then(
      source.read { statements throws(SQLiteFailure) in
        try statements.count(of: user, in: collection, audiences: audiences)
      })
  }

  func hasItems(
    of user: UserID, beyondTenant audiences: Audience, _ then: @escaping (Result<Bool, StoreError>) -> Void
  ) {
    then(
      source.read { statements throws(SQLiteFailure) in
        try statements.hasItems(of: user, beyondTenant: audiences)
      })
  }

  /// Counting reads every row of the tenant, so it does not keep the loop.
  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    page(Int.max, then) { statements throws(SQLiteFailure) in try statements.countUsers(in: tenant) }
  }

  /// Reads up to `limit` rows: a few on this thread, more on the one for large reads.
  private func page<Answer>(
    _ limit: Int, _ then: @escaping (Result<Answer, StoreError>) -> Void,
    _ read: @escaping @Sendable (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) {
    guard limit > Limits.loopRowsMax else { return then(source.read(read)) }
    let resume = resume
    let then = Handover(then)
    largeReads.submit { source in
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
    principalName: String, in tenant: TenantID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void
  ) {
    then(
      source.read { statements throws(SQLiteFailure) in
        try statements.user(principalName: principalName, in: tenant)
      })
  }
}
