import Foundation
import GRDB
import Profiles
import Stores
import Testing

@Suite("Opening the SQLite store")
struct SQLiteOpeningTests {
  @Test("A second server on the same directory is refused with a sentence, until the first ends")
  func secondOpener() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let first = try SQLiteStore.open(scratch.database)
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.open(scratch.database) }
    #expect(StoreOpenError.inUse.message.hasPrefix("Another server uses this data directory."))
    first.close()
    try SQLiteStore.open(scratch.database).close()
  }

  @Test("A reader beside the server needs no lock, sees its writes, and takes none")
  func readOnly() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    #expect(throws: StoreOpenError.missing) { try SQLiteStore.openReadOnly(scratch.database) }
    let server = try SQLiteStore.open(scratch.database)
    try server.load([.user(Sample.ann), .item(Sample.phone("p"))])
    let command = try SQLiteStore.openReadOnly(scratch.database)
    #expect(try command.content() == server.content())
    #expect(try command.check() == [])
    guard case .failure(.store(.readOnly)) = await command.put(Sample.phone("q")) else {
      Issue.record("The command wrote.")
      return
    }
    command.close()
    guard case .success(.written) = await server.put(Sample.phone("q")) else {
      Issue.record("The server did not write.")
      return
    }
    server.close()
  }

  @Test("A directory that is not there is an error with a sentence")
  func missingDirectory() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let error = #expect(throws: StoreOpenError.self) {
      try SQLiteStore.open(scratch.directory + "/missing/facet.db")
    }
    #expect(error?.message.contains("cannot be used") == true)
  }

  @Test("Opening again changes nothing")
  func reopening() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let first = try SQLiteStore.open(scratch.database)
    try first.load(Sample.directory(people: 3, phones: 2))
    let content = try first.content()
    first.close()
    let bytes = try scratch.read(scratch.database)
    for _ in 0..<2 {
      let store = try SQLiteStore.open(scratch.database)
      #expect(store.health == .healthy)
      #expect(try store.content() == content)
      store.close()
    }
    #expect(try scratch.read(scratch.database) == bytes)
  }

  @Test("The files are readable by their owner alone")
  func permissions() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    for file in ["facet.db", "facet.db-wal", "facet.lock"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: scratch.directory + "/" + file)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
    }
    store.close()
  }

  @Test("Closing leaves one file that needs no log")
  func closing() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    store.close()
    #expect(!FileManager.default.fileExists(atPath: scratch.database + "-wal"))
  }

  @Test("A temporary store leaves nothing behind")
  func temporary() throws {
    let store = try SQLiteStore.temporary()
    try store.load([.user(Sample.ann)])
    #expect(try store.content().count == 1)
    #expect(FileManager.default.fileExists(atPath: store.path))
    store.close()
    #expect(!FileManager.default.fileExists(atPath: (store.path as NSString).deletingLastPathComponent))
  }
}
