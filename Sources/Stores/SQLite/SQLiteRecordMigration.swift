import Foundation
import GRDB
import OData
import Profiles

/// Brings the change log of an older program into chains.
struct SQLiteRecordMigration {
  private let database: Database
  private let key: RecordKey

  /// Works in the transaction of a step of the schema.
  init(_ database: Database, _ key: RecordKey) {
    self.database = database
    self.key = key
  }

  /// Appends every row to its person's chain, in the order of the log, and takes the log away.
  func run() throws {
    let rows = try Row.fetchCursor(
      database, sql: "select \(SQLiteRows.changeColumns) from change order by user, seq")
    var current: UserID?
    var chain = RecordChain()
    var chains: Int64 = 0
    while let row = try rows.next() {
      guard let change = Self.change(row) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
      if change.user != current {
        if let current { try finish(chain, of: current) }
        (current, chain, chains) = (change.user, RecordChain(), chains + 1)
      }
      try append(change, &chain)
    }
    if let current { try finish(chain, of: current) }
    chains += try adopt()
    try database.execute(
      sql: "insert into chains (id, count, seal, key) values (1, ?, ?, ?)",
      arguments: [chains, blob(RecordChain.seal(ofChains: chains, key)), blob(key.fingerprint)])
    try database.execute(sql: "drop table change")
  }

  /// Begins the chains of people of whom no change was logged, with what they hold now; returns how many.
  private func adopt() throws -> Int64 {
    let people = try Row.fetchAll(
      database, sql: "select id, version from user where id not in (select user from chain) order by id")
    for person in people {
      guard let user = UserID(person[0]) else { continue }
      var chain = RecordChain()
      try append(adopted(user, nil, nil, person[1]), &chain)
      let items = try Row.fetchAll(
        database, sql: "select collection, id, version from item where user = ? order by collection, id",
        arguments: [user.text])
      for item in items { try append(adopted(user, item[0], ItemID(item[1] as String), item[2]), &chain) }
      try finish(chain, of: user)
    }
    return Int64(people.count)
  }

  private func adopted(_ user: UserID, _ collection: String?, _ item: ItemID?, _ version: Int64) -> Change {
    Change(
      time: DateTimeOffset(unixSeconds: Int64(Date().timeIntervalSince1970)), kind: .imported, user: user,
      collection: collection, item: item, properties: [], versionBefore: nil, versionAfter: Version(number: version),
      actingUser: nil, actingApplication: nil)
  }

  private func append(_ change: Change, _ chain: inout RecordChain) throws {
    let code = chain.append(change, key)
    try database.execute(
      sql: """
        insert into record (\(SQLiteRows.changeColumns), position, code) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        change.user.text, change.time.ticks, change.kind.rawValue, change.collection, change.item?.text,
        change.properties.joined(separator: ","), change.versionBefore?.number, change.versionAfter?.number,
        change.actingUser?.text, change.actingApplication, chain.length, blob(code),
      ])
  }

  private func finish(_ chain: RecordChain, of user: UserID) throws {
    try database.execute(
      sql: "insert into chain (user, length, tip, seal) values (?, ?, ?, ?)",
      arguments: [user.text, chain.length, blob(chain.tip), blob(chain.seal(of: user, key))])
  }

  private func blob(_ bytes: [UInt8]) -> DatabaseValue {
    bytes.withUnsafeBytes { DatabaseValue(value: Data($0)) ?? .null }
  }

  private static func change(_ row: Row) -> Change? {
    let user: String = row[0]
    let kind: Int64 = row[2]
    let item: String? = row[4]
    let properties: String = row[5]
    let before: Int64? = row[6]
    let after: Int64? = row[7]
    let actor: String? = row[8]
    guard let user = UserID(user), let kind = Change.Kind(rawValue: kind), let time = DateTimeOffset(ticks: row[1])
    else { return nil }
    return Change(
      time: time, kind: kind, user: user, collection: row[3], item: item.flatMap(ItemID.init),
      properties: properties.split(separator: ",").map(String.init), versionBefore: before.map(Version.init(number:)),
      versionAfter: after.map(Version.init(number:)), actingUser: actor.flatMap(UserID.init),
      actingApplication: row[9])
  }
}
