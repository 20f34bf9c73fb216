import OData
import Profiles

/// Groups and the audit log. Counting may read many rows, so it does not keep the loop.
extension SQLiteReader {
  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.group(id) }
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

  func isMember(_ viewer: Viewer, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.isMember(viewer, of: group) }
  }

  func changes(
    of person: Viewer, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void
  ) {
    page(limit, then) { statements throws(SQLiteFailure) in
      try statements.directory.changes(of: person, from: place, limit: limit)
    }
  }

  func countChanges(of person: Viewer, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    page(1, then) { statements throws(SQLiteFailure) in try statements.directory.countChanges(of: person) }
  }
}
