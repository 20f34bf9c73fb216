import OData
import Profiles
import Testing

@testable import Stores

@Suite("Numbers of tenants, collections and properties")
struct SQLiteNamesTests {
  /// A connection to a new database, in which nobody is.
  private static func connection(_ scratch: Scratch) throws -> SQLiteConnection {
    let connection = try SQLiteConnection(scratch.database, .write)
    try SQLiteSchema.migrate(connection, AuditKey([UInt8](repeating: 1, count: 32)))
    connection.leaveGRDB()
    return connection
  }

  @Test("A number is given once, and is the same for every connection")
  func givenOnce() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try Self.connection(scratch)
    let names = try SQLiteNames(connection)
    let tenant = try #require(TenantID("contoso"))
    #expect(try names.number(of: tenant) == nil)
    #expect(try names.number(ofCollection: "phones") == SQLiteProfileKey.nobody)
    let number = try names.give(tenant)
    let (phones, emails) = (try names.give(collection: "phones"), try names.give(collection: "emails"))
    let properties = try #require(try names.give(properties: ["number", "type", "number"]))
    #expect(phones != emails && (1...SQLiteProfileKey.collectionsMax).contains(phones))
    #expect(properties.count == 3 && properties[0] == properties[2] && properties[0] != properties[1])
    let others = [
      names, try SQLiteNames(connection), try SQLiteNames(try SQLiteConnection(scratch.database, .readPatiently)),
    ]
    for other in others {
      #expect(try other.number(of: tenant) == number)
      #expect(try other.tenant(number) == tenant)
      #expect(try other.number(ofCollection: "phones") == phones)
      #expect(try other.collection(emails) == "emails")
      #expect(try other.properties(properties) == ["number", "type", "number"])
    }
    for other in others.prefix(2) {
      #expect(try other.give(tenant) == number)
      #expect(try other.give(collection: "emails") == emails)
      #expect(try other.give(properties: ["type"]) == [properties[1]])
    }
    for tenant in TenantID.builtIn {
      let number = try #require(try names.number(of: tenant))
      #expect(try names.tenant(number) == tenant)
    }
    #expect(try connection.value("select json from tenant where id = 'contoso'") == "{}")
  }

  @Test("Names that are one text to Unicode have numbers of their own")
  func bytes() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let names = try SQLiteNames(try Self.connection(scratch))
    let tenants = try [#require(TenantID("zoë")), #require(TenantID("zoe\u{308}"))]
    let numbers = try tenants.map { try names.give($0) }
    #expect(numbers[0] != numbers[1])
    #expect(try numbers.map { try names.tenant($0) } == tenants)
    #expect(try tenants.map { try names.number(of: $0) } == numbers)
  }

  @Test("A number that was given in a transaction that is rolled back is another name's")
  func rollback() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try Self.connection(scratch)
    let names = try SQLiteNames(connection)
    try connection.execute("begin immediate")
    let tenant = try #require(TenantID("contoso"))
    let lost = (
      try names.give(collection: "phones"), try names.give(tenant), try names.give(properties: ["number"])
    )
    try connection.execute("rollback")
    names.forget()
    #expect(try names.number(of: tenant) == nil)
    #expect(try names.number(ofCollection: "phones") == SQLiteProfileKey.nobody)
    #expect(throws: SQLiteFailure.self) { try names.collection(lost.0) }
    #expect(throws: SQLiteFailure.self) { try names.tenant(lost.1) }
    #expect(throws: SQLiteFailure.self) { try names.properties(lost.2 ?? []) }
    let other = try #require(TenantID("fabrikam"))
    #expect(try names.give(collection: "emails") == lost.0)
    #expect(try names.give(other) == lost.1)
    #expect(try names.give(properties: ["type"]) == lost.2)
    #expect(try names.collection(lost.0) == "emails")
    #expect(try names.tenant(lost.1) == other)
    #expect(try names.properties(lost.2 ?? []) == ["type"])
  }

  @Test("A database has 63 collections; the next is refused, and those that are there are not harmed")
  func collections() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let names = try SQLiteNames(try Self.connection(scratch))
    let numbers = try (1...SQLiteProfileKey.collectionsMax).map { try names.give(collection: "c\($0)") }
    #expect(numbers == Array(1...SQLiteProfileKey.collectionsMax))
    #expect(throws: SQLiteFailure.self) { try names.give(collection: "further") }
    #expect(try names.number(ofCollection: "further") == SQLiteProfileKey.nobody)
    #expect(try names.give(collection: "c63") == 63)
    #expect(try names.collection(1) == "c1")
  }

  @Test("Properties are named by numbers of one byte up to 127, of two up to 16,383, and so on")
  func properties() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try Self.connection(scratch)
    let names = try SQLiteNames(connection)
    let many = (1...300).map { "p\($0)" }
    try connection.execute("begin immediate")
    let bytes = try #require(try names.give(properties: many))
    #expect(bytes.count == 127 + 2 * 173)
    #expect(try names.properties(bytes) == many)
    #expect(try names.give(properties: ["p128", "p1", "p300"]) == [0x80, 1, 1, 0xAC, 2])
    try connection.execute("insert into property values (16383, 'a'), (16384, 'b'), (36028797018963968, 'c')")
    let large = try #require(try names.give(properties: ["a", "b", "p1", "c"]))
    #expect(large == [0xFF, 0x7F, 0x80, 0x80, 1, 1] + [UInt8](repeating: 0x80, count: 7) + [0x40])
    #expect(try names.properties(large) == ["a", "b", "p1", "c"])
    try connection.execute("commit")
    #expect(try names.give(properties: []) == nil)
    #expect(try names.properties([]) == [])
    for damaged: [UInt8] in [[0x80], [0], [1, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]] {
      #expect(throws: SQLiteFailure.self) { try names.properties(damaged) }
    }
  }
}
