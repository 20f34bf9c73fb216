import OData
import Profiles

/// Reads the table of profiles once, in the order of keys, and checks every row: whether its key is right, whether an
/// item is of its type and agrees with the other columns of its row, and whether the state of a person counts the items
/// that follow it. Keeps in memory what is known of one person at a time.
struct SQLiteProfileCheck {
  /// What the rows of one person have shown so far.
  private struct Person {
    let number: Int64
    /// nil when nobody has the number.
    let id: UserID?
    /// The number of the tenant; nil when the person was deleted.
    let tenant: Int64?
    /// Their stored state; nil when there is none, or it is damaged.
    var state: SQLitePersonState?
    /// The state that their items add up to.
    var held = SQLitePersonState()
  }

  private let names: SQLiteNames
  private let rows, selectAuditRow: SQLiteStatement
  /// People whose chains are known to be at fault.
  private let faulty: Set<UserID>
  private var person: Person?
  private var findings: [CheckFinding] = []

  private init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ faulty: Set<UserID>
  ) throws(SQLiteFailure) {
    self.names = names
    self.faulty = faulty
    rows = try connection.prepare(
      """
      select key, profile.id, profile.version, created, collapse_start, collapse_end, profile.json, listed, listed_as,
      person.id, person.tenant from profile left join person on number = \(SQLiteProfileKey.person) order by key
      """)
    selectAuditRow = try connection.prepare("select 1 from audit_log where seq = ? and person = ? and tenant = ?")
  }

  /// At most `Limits.checkFindingsMax` faults, in the order of keys. The chains of `faulty` people are not checked
  /// again.
  static func faults(
    _ connection: SQLiteConnection, _ names: SQLiteNames, chainsKnown faulty: Set<UserID>
  ) throws -> [CheckFinding] {
    var check = try SQLiteProfileCheck(connection, names, faulty)
    try check.run()
    return check.findings
  }

  private mutating func run() throws {
    try rows.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      let key = SQLiteProfileKey(row.int64(0))
      if person?.number != key.person {
        try finish()
        person = Person(number: key.person, id: UserID(row.text(9)), tenant: row.optionalInt64(10))
      }
      if key.collection == SQLiteProfileKey.nobody { readState(row, key) } else { try readItem(row, key) }
    }
    if findings.count < Limits.checkFindingsMax { try finish() }
  }

  // MARK: Rows

  private mutating func readState(_ row: SQLiteStatement, _ key: SQLiteProfileKey) {
    let isBare = (1...5).allSatisfy { row.isNull($0) } && (7...8).allSatisfy { row.isNull($0) }
    guard key == SQLiteProfileKey(stateOf: key.person), isBare else {
      return note("A row of the profile lies where none belongs.")
    }
    person?.state = row.withBlob(6) { SQLitePersonState(stored: $0) }
    if person?.state == nil { note("The state of the person is damaged.") }
  }

  private mutating func readItem(_ row: SQLiteStatement, _ key: SQLiteProfileKey) throws(SQLiteFailure) {
    let id = row.hasIdentifier(1) ? ItemID(row.identifier(1)) : nil
    let json = row.withBlob(6) { stored in id.map { SQLiteEntityJSON.restored(stored, $0.text) } ?? Array(stored) }
    person?.held.add(1, to: key.collection)
    person?.held.bytes += json.count
    guard let user = person?.id else { return }
    let collection = try SQLiteCheck.unlessDamaged { () throws(SQLiteFailure) in try names.collection(key.collection) }
    guard let collection else { return note("The item lies in a collection that is not declared.", item: id) }
    guard let id, let item = Self.item(ItemKey(user: user, collection: collection, id: id), key.audience, row, json)
    else { return note(DamagedRow.item, collection, item: id) }
    guard let fault = item.fault(hasOwner: person?.tenant != nil) else { return }
    note(fault, collection, item: id)
  }

  /// The item of a row; nil when its columns do not form one.
  private static func item(
    _ key: ItemKey, _ audience: Audience, _ row: SQLiteStatement, _ json: [UInt8]
  ) -> StoredItem? {
    guard !row.isNull(2), !row.isNull(3) else { return nil }
    let item = StoredItem(
      key: key, version: row.int64(2), audience: audience.rawValue, createdTicks: row.int64(3),
      collapseStart: row.optionalInt64(4), collapseEnd: row.optionalInt64(5), json: json)
    let listed = row.optionalText(7).flatMap(UserID.init).map {
      ListedPerson($0, as: Audience(rawValue: row.int64(8)))
    }
    return item?.listing(listed)
  }

  // MARK: People

  /// Compares the state of a person with what was read after it.
  private mutating func finish() throws(SQLiteFailure) {
    defer { person = nil }
    guard let person else { return }
    guard person.id != nil else { return findings.append(.inDatabase("A profile belongs to nobody.")) }
    guard let state = person.state else { return }
    if !state.holdsSame(as: person.held) { note("The state of the person counts other items than there are.") }
    let tenants = Set(state.chains.map(\.tenant))
    if tenants.count != state.chains.count { note("The state of the person is damaged.") }
    if let tenant = person.tenant, !tenants.contains(tenant) { note(CheckFinding.noAuditLog) }
    guard let id = person.id, !faulty.contains(id) else { return }
    for end in state.chains {
      try selectAuditRow.bind(end.last, person.number, end.tenant)
      let isThere = try selectAuditRow.first { _ throws(SQLiteFailure) in true } ?? false
      if !isThere { note("The rows of the audit log are gone.") }
    }
  }

  private mutating func note(_ message: String, _ collection: String? = nil, item: ItemID? = nil) {
    findings.append(CheckFinding(user: person?.id, collection: collection, item: item, message: message))
  }
}

extension SQLitePersonState {
  /// Whether another state counts the same items.
  fileprivate func holdsSame(as other: SQLitePersonState) -> Bool {
    bytes == other.bytes && counts.map(\.collection) == other.counts.map(\.collection)
      && counts.map(\.count) == other.counts.map(\.count)
  }
}
