import OData
import Profiles

/// Looks through the record for rows that were altered, moved, added or taken out, and compares it with what people
/// hold.
struct SQLiteRecordCheck {
  private let connection: SQLiteConnection
  private let key: RecordKey?
  private var findings: [CheckFinding] = []
  private var chains: Int64 = 0

  /// Checks the record of a database; without the key only its form can be looked at.
  init(_ connection: SQLiteConnection, _ key: RecordKey?) {
    self.connection = connection
    self.key = key
  }

  /// The faults, in the order of people.
  static func faults(_ connection: SQLiteConnection, _ key: RecordKey?) throws -> [CheckFinding] {
    guard let key, try connection.value("select hex(key) from chains") == SQLiteStore.hexadecimal(key.fingerprint)
    else { return [.inFile(SQLiteStore.foreignKeySentence)] }
    var check = SQLiteRecordCheck(connection, key)
    try check.run(key)
    return check.findings
  }

  private mutating func run(_ key: RecordKey) throws {
    let people = try connection.prepare(
      """
      select user from chain union select user from record union select id from user union select user from item
      union select user from membership order by 1
      """)
    let reader = try ChainReader(connection)
    var faults: [CheckFinding] = []
    var count: Int64 = 0
    try people.forEach { row in
      guard faults.count < Limits.checkFindingsMax, let user = UserID(row.text(0)) else { return }
      if try reader.hasChain(user) { count += 1 }
      faults += try reader.faults(of: user, key)
    }
    findings += faults
    try checkCount(count, key)
  }

  private mutating func checkCount(_ count: Int64, _ key: RecordKey) throws {
    guard findings.count < Limits.checkFindingsMax else { return }
    let select = try connection.prepare("select count, seal from chains")
    let row = try select.first { row throws(SQLiteFailure) in (count: row.int64(0), seal: row.bytes(1)) }
    guard let row, row.seal == RecordChain.seal(ofChains: row.count, key) else {
      return findings.append(.inFile("The number of people in the record was altered."))
    }
    guard row.count != count else { return }
    findings.append(.inFile("The record has the rows of \(count) people, and should have those of \(row.count)."))
  }
}

/// Reads the chain of one person after the other.
private final class ChainReader {
  private let selectChain, selectRows, selectItems, selectUser, selectMemberships: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    selectChain = try connection.prepare("select length, tip, seal from chain where user = ?")
    selectRows = try connection.prepare(
      "select \(SQLiteRows.changeColumns), position, code from record where user = ? order by position")
    selectItems = try connection.prepare("select collection, id, version from item where user = ?")
    selectUser = try connection.prepare("select version from user where id = ?")
    selectMemberships = try connection.prepare("select group_id from membership where user = ?")
  }

  func hasChain(_ user: UserID) throws(SQLiteFailure) -> Bool {
    try selectChain.bind(user.text)
    return try selectChain.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// What is wrong with the chain of a person, or with what they hold beside it.
  func faults(of user: UserID, _ key: RecordKey) throws -> [CheckFinding] {
    var chain = RecordChain()
    var held: Set<String> = []
    var fault: String?
    try selectRows.bind(user.text)
    try selectRows.forEach { row in
      guard fault == nil else { return }
      let change = try row.change()
      guard row.int64(10) == chain.length + 1 else {
        fault = "Rows are missing from the record before position \(row.int64(10))."
        return
      }
      guard chain.append(change, key) == row.bytes(11) else {
        fault = "The row at position \(row.int64(10)) of the record was altered, moved or put in."
        return
      }
      Self.apply(change, to: &held)
    }
    fault = try fault ?? endFault(of: user, chain, key)
    if let fault { return [CheckFinding(user: user, collection: nil, item: nil, message: fault)] }
    return try differences(of: user, held)
  }

  private func endFault(of user: UserID, _ chain: RecordChain, _ key: RecordKey) throws -> String? {
    try selectChain.bind(user.text)
    let end = try selectChain.first { row throws(SQLiteFailure) in
      (chain: RecordChain(length: row.int64(0), tip: row.bytes(1)), seal: row.bytes(2))
    }
    guard let end else { return "The person has no record." }
    guard end.chain.seal(of: user, key) == end.seal else { return "The end of the record was altered." }
    guard end.chain.length == chain.length else {
      return "The record has \(chain.length) rows, and should have \(end.chain.length)."
    }
    return end.chain == chain ? nil : "The end of the record is another than its last row."
  }

  // MARK: What the record says is there

  /// What is held is written as one text for each thing: a person, an item with its version, or a membership.
  private static func apply(_ change: Change, to held: inout Set<String>) {
    switch (change.collection, change.item) {
    case (nil, _):
      if let before = change.versionBefore { held.remove(person(before)) }
      if let after = change.versionAfter { held.insert(person(after)) }
    case (Change.memberships?, let group?):
      if change.kind == .deleted { held.remove(membership(group.text)) } else { held.insert(membership(group.text)) }
    case (let collection?, let id?):
      if let before = change.versionBefore { held.remove(item(collection, id.text, before)) }
      if let after = change.versionAfter { held.insert(item(collection, id.text, after)) }
    // A profile that was emptied; each of its items has a row of its own.
    case (.some, nil): break
    }
  }

  private static func person(_ version: Version) -> String { "person \(version.number)" }
  private static func membership(_ group: String) -> String { "member \(group)" }
  private static func item(_ collection: String, _ id: String, _ version: Version) -> String {
    "item \(collection)/\(id) \(version.number)"
  }

  /// Whether what is stored is what the record ends with.
  private func differences(of user: UserID, _ held: Set<String>) throws -> [CheckFinding] {
    var missing = held
    var findings: [CheckFinding] = []
    func find(_ thing: String, _ collection: String?, _ item: ItemID?) {
      guard missing.remove(thing) == nil else { return }
      findings.append(
        CheckFinding(
          user: user, collection: collection, item: item, message: "The record does not end with what is stored."))
    }
    try selectUser.bind(user.text)
    try selectUser.forEach { row in find(Self.person(Version(number: row.int64(0))), nil, nil) }
    try selectItems.bind(user.text)
    try selectItems.forEach { row in
      let version = Version(number: row.int64(2))
      find(Self.item(row.text(0), row.text(1), version), row.text(0), ItemID(row.text(1)))
    }
    try selectMemberships.bind(user.text)
    try selectMemberships.forEach { row in
      find(Self.membership(row.text(0)), Change.memberships, ItemID(row.text(0)))
    }
    if findings.isEmpty, !missing.isEmpty {
      findings.append(
        CheckFinding(
          user: user, collection: nil, item: nil, message: "The record says that more is there than is stored."))
    }
    return findings
  }
}
