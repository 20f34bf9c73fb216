import Fixtures
import Testing

@Suite("The shared folder")
struct SharedFolderTests {
  @Test("A missing file fails the test in CI and is reported elsewhere")
  func missing() throws {
    #expect(throws: SharedFolder.Missing.self) { try SharedFolder.url("nosuch", isCI: true) }
    #expect(try SharedFolder.url("nosuch", isCI: false) == nil)
  }
}
