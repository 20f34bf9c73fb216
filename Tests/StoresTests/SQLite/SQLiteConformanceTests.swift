import Profiles
import StoreConformance
import Stores
import Testing

@Suite("The SQLite store keeps the contract of stores")
struct SQLiteConformanceTests {
  @Test("In a file", arguments: StoreConformance.cases)
  func file(_ promise: ConformanceCase) async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try await promise.run(store)
    store.close()
  }

  @Test("In memory", arguments: StoreConformance.cases)
  func memory(_ promise: ConformanceCase) async throws {
    let store = try SQLiteStore.temporary()
    try await promise.run(store)
    store.close()
  }

  @Test("There are cases of every level, each with a name of its own")
  func levels() {
    #expect(Set(StoreConformance.cases.map(\.level)) == Set(ConformanceLevel.allCases))
    #expect(Set(StoreConformance.cases.map(\.name)).count == StoreConformance.cases.count)
  }

  @Test(
    "The cases find a store that forgets its log",
    arguments: StoreConformance.cases.filter { $0.name.contains("exactly the changes") })
  func canary(_ promise: ConformanceCase) async throws {
    let store = ForgetfulStore(try SQLiteStore.temporary())
    await #expect(throws: ConformanceFailure.self) { try await promise.run(store) }
    store.close()
  }
}
