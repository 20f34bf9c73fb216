import OData
import Profiles
import Stores

/// A store that loses its audit log: the conformance cases must notice.
final class ForgetfulStore: ProfileStore {
  private let store: SQLiteStore

  init(_ store: SQLiteStore) { self.store = store }

  var health: StoreHealth { store.health }

  func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader {
    try store.makeReader(resume: resume)
  }

  func submit(_ write: StoreWrite) { store.submit(write) }

  func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int {
    try store.importLines(at: time, next)
  }

  func exportLines(_ body: (ImportLine) throws -> Void) throws { try store.exportLines(body) }

  func changes(of user: UserID, in tenant: TenantID) throws -> [Change] { [] }

  func close() { store.close() }
}
