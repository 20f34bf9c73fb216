import OData
import Profiles
import Testing

@testable import Stores

@Suite("Ids as SQLite keeps them")
struct SQLiteIdentifierTests {
  private static let guid = "0123abcd-ef45-4678-9abc-def012345678"
  private static let bytes: [UInt8] = [
    0x01, 0x23, 0xAB, 0xCD, 0xEF, 0x45, 0x46, 0x78, 0x9A, 0xBC, 0xDE, 0xF0, 0x12, 0x34, 0x56, 0x78,
  ]
  /// Ids that are no GUIDs in the canonical form.
  private static let texts = [
    "", "p", guid.uppercased(), "0123abcd-ef45-4678-9abc-def01234567A", String(guid.dropLast()), guid + "0",
    guid + " ", "{\(guid)}", guid.replacing("-", with: ""), "0123abcde-f45-4678-9abc-def012345678",
    "0123abcd-ef454-678-9abc-def012345678", "0123abcd-ef45-46789-abc-def012345678",
    "0123abcd-ef45-4678-9abcd-ef012345678", "0123abcd-ef45-4678-9abc-def01234567g",
    "0123abcd-ef45-4678-9abc-def01234567-", "0123abcd+ef45-4678-9abc-def012345678",
    "0123abcd-ef45-4678-9abc-def0123456é", "`123abcd-ef45-4678-9abc-def012345678",
  ]
  private static let guids = [
    guid, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", GUID.random(),
  ]

  @Test("A GUID in lower case is 16 bytes; every other id, and a GUID in another form, is its text")
  func forms() {
    #expect(SQLiteIdentifier(Self.guid) == .guid(high: 0x0123_ABCD_EF45_4678, low: 0x9ABC_DEF0_1234_5678))
    for text in Self.guids {
      guard case .guid = SQLiteIdentifier(text) else {
        Issue.record("\(text) is kept as a text")
        continue
      }
      #expect(SQLiteIdentifier(text).text == text)
    }
    for text in Self.texts { #expect(SQLiteIdentifier(text) == .text(text), "\(text)") }
  }

  @Test("Every id comes back from a database byte for byte, texts before GUIDs and each in the order of its bytes")
  func roundTrip() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try SQLiteConnection(scratch.database, .copy)
    connection.leaveGRDB()
    try connection.execute("create table kept (id any) strict")
    let insert = try connection.prepare("insert into kept (id) values (?)")
    let ids = Self.texts + Self.guids
    for id in ids.shuffled() {
      try insert.bind(SQLiteIdentifier(id))
      try insert.run()
    }
    let select = try connection.prepare("select id from kept order by id")
    let found = try select.all { row throws(SQLiteFailure) in (row.identifier(0), row.isBlob(0), row.hasIdentifier(0)) }
    func sorted(_ ids: [String]) -> [String] { ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    #expect(found.map(\.0).elementsEqual(sorted(Self.texts) + sorted(Self.guids)) { $0.hasSameBytes(as: $1) })
    #expect(found.map(\.1) == Self.texts.map { _ in false } + Self.guids.map { _ in true })
    #expect(found.allSatisfy { $0.2 || $0.0.isEmpty })
    let one = try connection.prepare("select hex(id) from kept where id = ?")
    for id in ids {
      try one.bind(SQLiteIdentifier(id))
      #expect(try one.first { row throws(SQLiteFailure) in row.text(0) } != nil, "\(id)")
    }
    try one.bind(SQLiteIdentifier(Self.guid))
    #expect(
      try one.first { row throws(SQLiteFailure) in row.text(0) } == SQLiteStore.hexadecimal(Self.bytes))
  }

  @Test("What is no id, or not in its form, is read as nobody's")
  func damaged() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try SQLiteConnection(scratch.database, .copy)
    let select = try connection.prepare("select null, x'', zeroblob(15), zeroblob(17), zeroblob(16), '\(Self.guid)', 5")
    _ = try select.first { row throws(SQLiteFailure) in
      #expect(row.optionalIdentifier(0) == nil)
      for column: Int32 in 0...3 { #expect(row.identifier(column).isEmpty && !row.hasIdentifier(column)) }
      #expect(row.optionalIdentifier(4) == "00000000-0000-0000-0000-000000000000" && row.hasIdentifier(4))
      // It could be read, but would never be found.
      #expect(row.identifier(5) == Self.guid && !row.hasIdentifier(5))
      #expect(row.identifier(6) == "5")
    }
  }
}
