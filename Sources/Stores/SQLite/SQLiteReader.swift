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
    of user: UserID, in collection: String, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<[StoredItem], StoreError>) -> Void
  ) {
    guard limit > Limits.loopRowsMax else {
      return then(
        source.read { statements throws(SQLiteFailure) in
          try statements.items(of: user, in: collection, after: position, limit: limit)
        })
    }
    let resume = resume
    let then = Handover(then)
    largeReads.submit { source in
      let page = source.read { statements throws(SQLiteFailure) in
        try statements.items(of: user, in: collection, after: position, limit: limit)
      }
      resume { then.take()?(page) }
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
