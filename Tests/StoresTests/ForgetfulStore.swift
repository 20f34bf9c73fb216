import OData
import Profiles
import Stores

/// A store that loses its change log: the conformance cases must notice.
final class ForgetfulStore: ProfileStore {
  private let store: SQLiteStore

  init(_ store: SQLiteStore) { self.store = store }

  var readsAtOnce: Bool { store.readsAtOnce }

  var health: StoreHealth { store.health }

  func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader {
    try store.makeReader(resume: resume)
  }

  func submit(_ write: StoreWrite) { store.submit(write) }

  func importRecords(at time: DateTimeOffset, _ next: () throws -> DirectoryRecord?) throws -> Int {
    try store.importRecords(at: time, next)
  }

  func exportRecords(_ body: (DirectoryRecord) throws -> Void) throws { try store.exportRecords(body) }

  func changes(of user: UserID, in tenant: TenantID) throws -> [Change] { [] }

  func close() { store.close() }
}
