import Foundation
import GRDB
import OData
import Profiles

/// Converts the change log of an older program into chains, in the transaction of a migration.
struct SQLiteLegacyAuditMigration {
  private let database: Database
  private let key: AuditKey
  private var total = AuditTotal()
  /// The place of the last row of the chain that is being written.
  private var last: Int64?

  /// Migrates a database that still has its change log.
  init(_ database: Database, _ key: AuditKey) {
    self.database = database
    self.key = key
  }

  /// Appends every row to its person's chain, in the order of the change log, and drops the change log. It did not tell
  /// the tenant of people who are gone, so they are taken for people of the default tenant.
  mutating func run() throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        select c.user, u.tenant, c.time, c.kind, c.collection, c.item, c.properties, c.version_before, c.version_after,
        c.acting_user, c.acting_app from change c left join user u on u.id = c.user order by c.user, c.seq
        """)
    var current: AuditChainOwner?
    var chain = AuditChain()
    while let row = try rows.next() {
      guard let change = Self.change(row) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
      let owner = AuditChainOwner(user: change.user, tenant: change.tenant)
      if owner != current {
        if let current { try finish(chain, of: current) }
        (current, chain) = (owner, AuditChain())
      }
      try append(change, &chain)
    }
    if let current { try finish(chain, of: current) }
    try adopt()
    try database.execute(
      sql: "insert into chains (id, count, sum, seal, key) values (1, ?, ?, ?, ?)",
      arguments: [total.count, blob(total.sum), blob(total.seal(key)), blob(key.fingerprint)])
    try database.execute(sql: "drop table change")
  }

  /// Begins the chains of people without a logged change with what they hold now.
  private mutating func adopt() throws {
    let people = try Row.fetchAll(
      database, sql: "select id, tenant, version from user where id not in (select user from chain) order by id")
    for person in people {
      guard let user = UserID(person[0]), let tenant = TenantID(person[1]) else { continue }
      let owner = AuditChainOwner(user: user, tenant: tenant)
      var chain = AuditChain()
      try append(Self.adopted(owner, nil, nil, person[2]), &chain)
      let items = try Row.fetchAll(
        database, sql: "select collection, id, version from item where user = ? order by collection, id",
        arguments: [user.text])
      for item in items { try append(Self.adopted(owner, item[0], ItemID(item[1] as String), item[2]), &chain) }
      try finish(chain, of: owner)
    }
  }

  private static func adopted(
    _ owner: AuditChainOwner, _ collection: String?, _ item: ItemID?, _ version: Int64
  ) -> Change {
    Change(
      time: DateTimeOffset(unixSeconds: Int64(Date().timeIntervalSince1970)), kind: .imported, user: owner.user,
      tenant: owner.tenant, collection: collection, item: item, properties: [], versionBefore: nil,
      versionAfter: Version(number: version), actingUser: nil, actingApplication: nil)
  }

  private mutating func append(_ change: Change, _ chain: inout AuditChain) throws {
    let code = chain.append(change, key)
    try database.execute(
      sql: """
        insert into record (user, tenant, time, kind, collection, item, properties, version_before, version_after,
        acting_user, acting_app, position, code, previous)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        change.user.text, change.tenant.text, change.time.ticks, change.kind.rawValue, change.collection,
        change.item?.text, change.properties.joined(separator: ","), change.versionBefore?.number,
        change.versionAfter?.number, change.actingUser?.text, change.actingApplication, chain.length, blob(code), last,
      ])
    last = database.lastInsertedRowID
  }

  private mutating func finish(_ chain: AuditChain, of owner: AuditChainOwner) throws {
    let seal = chain.seal(of: owner, key)
    total.replace(nil, with: seal)
    try database.execute(
      sql: "insert into chain (user, tenant, length, last, tip, seal) values (?, ?, ?, ?, ?, ?)",
      arguments: [owner.user.text, owner.tenant.text, chain.length, last, blob(chain.tip), blob(seal)])
    last = nil
  }

  private func blob(_ bytes: [UInt8]) -> DatabaseValue {
    bytes.withUnsafeBytes { DatabaseValue(value: Data($0)) ?? .null }
  }

  private static func change(_ row: Row) -> Change? {
    let tenant: String? = row[1]
    let item: String? = row[5]
    let properties: String = row[6]
    let (before, after): (Int64?, Int64?) = (row[7], row[8])
    let actor: String? = row[9]
    guard let user = UserID(row[0]), let kind = Change.Kind(rawValue: row[3]), let time = DateTimeOffset(ticks: row[2])
    else { return nil }
    return Change(
      time: time, kind: kind, user: user, tenant: tenant.flatMap(TenantID.init) ?? .demo, collection: row[4],
      item: item.flatMap(ItemID.init), properties: properties.split(separator: ",").map(String.init),
      versionBefore: before.map(Version.init(number:)), versionAfter: after.map(Version.init(number:)),
      actingUser: actor.flatMap(UserID.init), actingApplication: row[10])
  }
}
