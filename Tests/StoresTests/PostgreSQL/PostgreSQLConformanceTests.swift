import StoreConformance
import Stores
import Testing

@Suite("The PostgreSQL store keeps the contract of stores")
struct PostgreSQLConformanceTests {
  @Test("With named statements", arguments: StoreConformance.cases)
  func named(_ promise: ConformanceCase) async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try await promise.run(store)
    store.close()
    try await database.remove()
  }
}
