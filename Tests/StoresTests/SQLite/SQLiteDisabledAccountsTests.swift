import Profiles
import Testing

@testable import Stores

@Suite("Accounts that may be disabled, on SQLite")
struct SQLiteDisabledAccountsTests {
  private static func person(_ id: String, isEnabled: Bool) -> StoredUser {
    StoredUser(
      id: Sample.userID(id), tenant: .demo, principalName: nil, displayName: nil, version: .first,
      json: Array(#"{"id":"\#(id)","accountEnabled":\#(isEnabled)}"#.utf8))
  }

  @Test("Everybody may be disabled until accounts were loaded, nobody when there is none, and only who was noted")
  func accounts() {
    let accounts = DisabledAccounts()
    let (ann, bob) = (Sample.userID("ann"), Sample.userID("bob"))
    accounts.note(ann)
    #expect(accounts.mayHold(ann) && accounts.mayHold(bob))
    accounts.load([])
    #expect(!accounts.mayHold(ann) && !accounts.mayHold(bob))
    accounts.note(ann)
    #expect(accounts.mayHold(ann) && !accounts.mayHold(bob))
    accounts.load([bob])
    #expect(!accounts.mayHold(ann) && accounts.mayHold(bob))
  }

  @Test("A store that is opened again knows who is disabled, by an index that holds nobody else")
  func restart() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let first = try SQLiteStore.open(scratch.database)
    var lines: [ImportLine] = [
      .user(Self.person("ann", isEnabled: false)), .user(Self.person("bob", isEnabled: true)),
      .user(Sample.person("eve")),
    ]
    _ = try first.importLines(at: Sample.time) { lines.isEmpty ? nil : lines.removeFirst() }
    first.close()
    let second = try SQLiteStore.open(scratch.database)
    for (id, mayBeDisabled) in [("ann", true), ("bob", false), ("eve", false), ("nobody", false)] {
      #expect(second.condition.disabledAccounts.mayHold(Sample.userID(id)) == mayBeDisabled, "\(id)")
    }
    second.close()
    let connection = try SQLiteConnection(scratch.database, .readPatiently)
    #expect(try SQLiteSchema.disabledAccounts(connection) == [Sample.userID("ann")])
    let plan = try connection.prepare("explain query plan \(SQLiteSchema.selectDisabled)").all { $0.text(3) }
    #expect(plan.joined().contains("person_disabled"), "\(plan)")
  }
}
