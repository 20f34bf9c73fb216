import Fixtures
import Testing

@Suite("The shared folder")
struct SharedFolderTests {
  @Test("A file that is missing fails in CI and is told elsewhere")
  func missing() throws {
    #expect(throws: SharedFolder.Missing.self) { try SharedFolder.url("nosuch", isCI: true) }
    #expect(try SharedFolder.url("nosuch", isCI: false) == nil)
  }
}
