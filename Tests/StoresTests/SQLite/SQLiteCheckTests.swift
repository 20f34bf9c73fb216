import OData
import Profiles
import Testing

@testable import Stores

/// What a check says of rows that lie in the wrong place, and of states that do not count what is there.
@Suite("A check of the layout by person")
struct SQLiteCheckTests {
  private static let guid = "0123abcd-ef45-4678-9abc-def012345678"
  private static let miscounted = "The state of the person counts other items than there are."
  private static let less = "The audit log says that more is there than is stored."

  /// A database with two people, who have a phone whose id is a GUID and one with another id.
  private static func scratch() throws -> Scratch {
    let scratch = try Scratch()
    let store = try SQLiteStore.open(scratch.database)
    for id in ["user-0", "user-1"] {
      let user = Sample.person(id)
      try store.load([
        .user(user), .item(Sample.phone("phone", of: user)), .item(Sample.phone(guid, of: user, number: "22")),
      ])
    }
    #expect(try store.check() == [])
    store.close()
    return scratch
  }

  private static func expect(_ messages: [String], after sql: String) throws {
    let scratch = try scratch()
    defer { scratch.remove() }
    try scratch.tamper(sql)
    let findings = try scratch.findings()
    #expect(findings.map(\.message).sorted() == messages.sorted(), "\(sql)")
    #expect(findings.allSatisfy { $0.user?.text == "user-0" || $0.user == nil }, "\(sql)")
  }

  /// The rows of the first person.
  private static let rows = "\(SQLiteProfileKey.person) = (select number from person where id = 'user-0')"
  private static let phone = "\(rows) and id = 'phone'"
  private static let guidPhone = "\(rows) and typeof(id) = 'blob'"

  @Test("An item that lies in the wrong place is found")
  func places() throws {
    let audience = "The audience beside the JSON is another than in it."
    try Self.expect([audience], after: "update profile set key = key | (63 << 12) where \(Self.phone)")
    try Self.expect([audience], after: "update profile set key = key & ~(63 << 12) where \(Self.phone)")
    // The slot has no meaning.
    try Self.expect([], after: "update profile set key = key + 77 where \(Self.phone)")
    for item in [Self.phone, Self.guidPhone] {
      try Self.expect(
        ["The item lies in a collection that is not declared.", Self.miscounted, Self.less],
        after: "update profile set key = key + (40 << 18) where \(item)")
    }
    // Nobody has the number 9.
    try Self.expect(
      ["A profile belongs to nobody.", Self.miscounted, Self.less],
      after: "update profile set key = key + ((9 - (key >> 24)) << 24) where \(Self.phone)")
    try Self.expect(
      ["A row of the profile lies where none belongs."],
      after: "insert into profile (key, json) select (key >> 24 << 24) + 1, x'00' from profile where \(Self.phone)")
  }

  @Test("An item whose row cannot be read, or would not be found, is found")
  func rows() throws {
    let damaged = DamagedRow.item
    try Self.expect([damaged], after: "update profile set created = null where \(Self.phone)")
    try Self.expect(
      [damaged, "The audit log does not end with what is stored."],
      after: "update profile set version = null where \(Self.phone)")
    // Its size is not known either.
    try Self.expect(
      [damaged, Self.miscounted], after: "update profile set id = '\(Self.guid)' where \(Self.guidPhone)")
    try Self.expect(
      [damaged, Self.miscounted], after: "update profile set json = x'7b' where \(Self.guidPhone)")
    try Self.expect(
      ["The JSON is not of the type 'microsoft.graph.itemPhone'.", Self.miscounted],
      after: "update profile set json = cast('{\"number\":[]}' as blob) where \(Self.guidPhone)")
  }

  @Test("A state that does not count what is there is found")
  func states() throws {
    func expect(_ messages: [String], _ change: (inout SQLitePersonState) -> Void) throws {
      let scratch = try Self.scratch()
      defer { scratch.remove() }
      try scratch.changeState(of: "user-0", change)
      let findings = try scratch.findings()
      #expect(findings.map(\.message) == messages)
      #expect(findings.allSatisfy { $0.user?.text == "user-0" })
    }
    try expect([]) { _ in }
    try expect([Self.miscounted]) { $0.bytes += 1 }
    try expect([Self.miscounted]) { $0.bytes -= 44 }
    try expect([Self.miscounted]) { state in state.add(1, to: Int64(state.counts[0].collection)) }
    try expect([Self.miscounted]) { state in state.add(-1, to: Int64(state.counts[0].collection)) }
    try expect([Self.miscounted]) { $0.add(1, to: 40) }
    try expect([CheckFinding.noAuditLog, "The end of the audit log is gone."]) { $0.chains = [] }
    try expect(["The state of the person is damaged."]) { $0.chains.append($0.chains[0]) }
    try Self.expect(
      ["The state of the person is damaged.", "The end of the audit log is gone."],
      after: "update profile set json = x'01' where \(Self.rows) and id is null")
    try Self.expect(
      ["The state of the person is gone.", "The end of the audit log is gone."],
      after: "delete from profile where \(Self.rows) and id is null")
    try Self.expect(
      ["A row of the profile lies where none belongs."],
      after: "update profile set version = 1 where \(Self.rows) and id is null")
  }

  @Test("A person whose row is gone, doubled or half deleted is found")
  func people() throws {
    try Self.expect(
      ["A profile belongs to nobody.", "Rows of the audit log belong to nobody."],
      after: "delete from person where id = 'user-0'")
    try Self.expect(
      ["Somebody else has the same id.", "Somebody else has the same id.", "The state of the person is gone."],
      after: "insert into person (number, id) values (40, 'user-0')")
    try Self.expect(
      ["The person was deleted, but not all that belongs to them.", Self.less]
        + ["The item belongs to nobody.", "The item belongs to nobody."],
      after: "update person set tenant = null where id = 'user-0'")
    try Self.expect(
      [DamagedRow.user, CheckFinding.noAuditLog, Self.less],
      after: "update person set tenant = 40 where id = 'user-0'")
  }
}
