import Testing

@testable import AuthenticationSupport
@testable import Authority

@Suite("Files of keys")
struct PrivateFilesTests {
  @Test("A key that another process made first is kept, and nothing is left beside it")
  func exclusiveWrite() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/key"
    #expect(try PrivateFiles.write([1], to: path, mode: 0o600, existing: .keep))
    #expect(try !PrivateFiles.write([2], to: path, mode: 0o600, existing: .keep))
    #expect(try PrivateFiles.read(path, bytesMax: 9, isSecret: true) == [1])
    #expect(try PrivateFiles.write([3], to: path, mode: 0o644, existing: .replace))
    #expect(try PrivateFiles.read(path, bytesMax: 9) == [3])
    #expect(try directory.mode("key") == 0o644)
    #expect(try PrivateFiles.names(in: directory.path) == ["key"])
    #expect(throws: KeyFileError.self) {
      try PrivateFiles.write([1], to: "/nowhere/x", mode: 0o600, existing: .replace)
    }
  }
}
