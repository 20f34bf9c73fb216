import Foundation
import GRDB
import OData
import Profiles

@testable import Stores

/// A database of the layout before the present one, with the rows that the program of then wrote, and what must be read
/// from it once it is copied.
final class LegacyDirectory {
  /// The audit log of a person in a tenant.
  private struct Log {
    var chain = AuditChain()
    var last: Int64?
    var changes: [Change] = []
  }

  private let database: Database
  private let key: AuditKey
  private let reader = ImportLineReader(
    defaultTenant: .demo, environment: ServiceEnvironment(now: { Sample.time }, makeID: { .random() }))
  private var logs: [AuditChainOwner: Log] = [:]
  private var users: [UserID: StoredUser] = [:]
  private var items: [ItemKey: StoredItem] = [:]
  private var groups: [GroupID: StoredGroup] = [:]
  private var members: [(user: UserID, group: GroupID)] = []
  private var settings: [TenantSettings] = []
  private var writes: Int64 = 0

  /// Makes a database at `path`, beside which it puts a key, with what `fill` puts into it. With `leavesLog` all of it
  /// is in the write-ahead log, as after a crash.
  @discardableResult
  static func make(
    at path: String, leavesLog: Bool = false, _ fill: (LegacyDirectory) throws -> Void
  ) throws -> LegacyDirectory {
    let key = try AuditKey.make(in: SQLiteStore.directory(of: path))
    let made = leavesLog ? path + ".made" : path
    let queue = try DatabaseQueue(path: made)
    try queue.writeWithoutTransaction { try $0.execute(sql: "pragma journal_mode = wal") }
    try SQLiteLegacySchema.migrator(key).migrate(queue)
    try queue.writeWithoutTransaction {
      try $0.execute(sql: "pragma wal_checkpoint(truncate); pragma wal_autocheckpoint = 0")
    }
    let directory = try queue.write { database in
      let directory = LegacyDirectory(database, key)
      try fill(directory)
      try directory.finish()
      return directory
    }
    if leavesLog {
      for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: made + suffix, toPath: path + suffix) }
    }
    try queue.close()
    if leavesLog { try FileManager.default.removeItem(atPath: made) }
    return directory
  }

  private init(_ database: Database, _ key: AuditKey) {
    self.database = database
    self.key = key
  }

  // MARK: Writing

  private func execute(_ sql: String, _ values: [(any DatabaseValueConvertible)?] = []) throws {
    try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
  }

  /// Adds or replaces what a line of an import holds. The person of an item exists.
  func put(_ line: String) throws {
    writes += 1
    let version = Version(number: writes)
    switch try reader.line(Array(line.utf8)) {
    case .tenant(let tenant): try put(tenant)
    case .group(let group):
      try add(group.tenant)
      try put(StoredGroup(id: group.id, tenant: group.tenant, version: version, json: group.json))
    // Databases of that layout have no photos.
    case .groupPhoto: break
    case .user(let user):
      try add(user.tenant)
      try put(
        StoredUser(
          id: user.id, tenant: user.tenant, principalName: user.principalName, displayName: user.displayName,
          version: version, json: user.json))
    case .member(let user, of: let group): try put(user, in: group)
    case .item(let item): try put(item.with(version))
    // The former layout has no links of groups.
    case .nestedGroup, .owner: break
    }
  }

  private func add(_ tenant: TenantID) throws {
    try execute("insert or ignore into tenant values (?, 1, cast('{}' as blob))", [tenant.text])
  }

  private func put(_ tenant: TenantSettings) throws {
    settings.append(tenant)
    try execute("insert or replace into tenant values (?, 2, ?)", [tenant.id.text, Data(tenant.json)])
  }

  private func put(_ group: StoredGroup) throws {
    groups[group.id] = group
    try execute(
      "insert into directory_group values (?, ?, ?, ?)",
      [group.id.text, group.tenant.text, group.version.number, Data(group.json)])
  }

  private func put(_ user: StoredUser) throws {
    let old = users.updateValue(user, forKey: user.id)
    try execute(
      """
      insert or replace into user (id, tenant, principal_name, principal_name_folded, display_name,
      display_name_folded, version, json) values (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        user.id.text, user.tenant.text, user.principalName, UserColumn.userPrincipalName.text(of: user),
        user.displayName, UserColumn.displayName.text(of: user), user.version.number, Data(user.json),
      ])
    try execute("delete from mail_address where user = ?", [user.id.text])
    if let mail = user.foldedMail {
      try execute("insert into mail_address values (?, ?, '', ?)", [user.tenant.text, mail, user.id.text])
    }
    try append(user.id, nil, nil, ["displayName", "mail"], old?.version, user.version)
  }

  private func put(_ user: UserID, in group: GroupID) throws {
    members.append((user, group))
    try execute("insert into membership values (?, ?)", [user.text, group.text])
    try append(user, Change.memberships, ItemID(group.text), [], nil, nil)
  }

  private func put(_ item: StoredItem) throws {
    let old = items.updateValue(item, forKey: item.key)
    try execute(
      """
      insert or replace into item (user, collection, id, version, audience, created, collapse_start, collapse_end,
      json, listed, listed_as) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        item.key.user.text, item.key.collection, item.key.id.text, item.version.number, item.audience.rawValue,
        item.created.ticks, item.collapsible?.lowerBound, item.collapsible?.upperBound, Data(item.json),
        item.listed?.user.text, item.listed?.audience.rawValue,
      ])
    try append(item.key.user, item.key.collection, item.key.id, ["allowedAudiences"], old?.version, item.version)
  }

  /// Deletes an item.
  func delete(_ key: ItemKey) throws {
    guard let old = items.removeValue(forKey: key) else { return }
    try execute(
      "delete from item where user = ? and collection = ? and id = ?", [key.user.text, key.collection, key.id.text])
    try append(key.user, key.collection, key.id, [], old.version, nil)
  }

  /// Deletes a person, if they are there, with their items: only the audit log is left of them.
  func delete(_ user: String) throws {
    let id = Sample.userID(user)
    guard users[id] != nil else { return }
    for key in items.keys where key.user == id { try delete(key) }
    for (_, group) in members.filter({ $0.user == id }) {
      try append(id, Change.memberships, ItemID(group.text), [], nil, nil, .deleted)
    }
    members.removeAll { $0.user == id }
    for table in ["membership", "mail_address"] {
      try execute("delete from \(table) where user = ?", [user])
    }
    try execute("delete from user where id = ?", [user])
    try append(id, nil, nil, [], users[id]?.version, nil)
    users[id] = nil
  }

  /// Adds a receipt of `Idempotency-Key`.
  func putReceipt(_ number: UInt8) throws {
    try execute(
      "insert into receipt values (?, ?, ?, ?)",
      [Data([number]), Data([number, number]), "item-\(number)", Int64(number)])
  }

  // MARK: The audit log

  private func append(
    _ user: UserID, _ collection: String?, _ item: ItemID?, _ properties: [String], _ before: Version?,
    _ after: Version?, _ kind: Change.Kind? = nil
  ) throws {
    let tenant = try String.fetchOne(database, sql: "select tenant from user where id = ?", arguments: [user.text])
    let change = Change(
      time: Sample.time, kind: kind ?? (before == nil ? .imported : after == nil ? .deleted : .updated), user: user,
      tenant: tenant.flatMap(TenantID.init) ?? users[user]?.tenant ?? .demo, collection: collection, item: item,
      properties: properties, versionBefore: before, versionAfter: after,
      actingUser: writes.isMultiple(of: 3) ? Sample.userID("7e3f9a52-4c1b-4e8d-9b60-d2a8f5c31e97") : nil,
      actingApplication: writes.isMultiple(of: 2) ? "application" : nil)
    let owner = AuditChainOwner(user: user, tenant: change.tenant)
    var log = logs[owner] ?? Log()
    let code = log.chain.append(change, key)
    try execute(
      """
      insert into record (user, tenant, time, kind, collection, item, properties, version_before, version_after,
      acting_user, acting_app, position, code, previous) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        user.text, change.tenant.text, change.time.ticks, change.kind.rawValue, collection, item?.text,
        properties.joined(separator: ","), before?.number, after?.number, change.actingUser?.text,
        change.actingApplication, log.chain.length, Data(code), log.last,
      ])
    log.last = database.lastInsertedRowID
    log.changes.append(change)
    logs[owner] = log
  }

  private func finish() throws {
    var total = AuditTotal()
    for (owner, log) in logs {
      let seal = log.chain.seal(of: owner, key)
      total.replace(nil, with: seal)
      try execute(
        "insert into chain (user, tenant, length, last, tip, seal) values (?, ?, ?, ?, ?, ?)",
        [
          owner.user.text, owner.tenant.text, log.chain.length, log.last, Data(log.chain.tip), Data(seal),
        ])
    }
    try execute(
      "update chains set count = ?, sum = ?, seal = ?", [total.count, Data(total.sum), Data(total.seal(key))])
  }

  // MARK: What must be read

  /// Every export line, in order.
  var lines: [ImportLine] {
    func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
    var lines: [ImportLine] = settings.sorted { precedes($0.id.text, $1.id.text) }.map { .tenant($0) }
    lines += groups.values.sorted { precedes($0.id.text, $1.id.text) }.map { .group($0) }
    let itemsByUser = Dictionary(grouping: items.values) { $0.key.user }
    for user in users.values.sorted(by: { precedes($0.id.text, $1.id.text) }) {
      lines.append(.user(user))
      let groups = members.filter { $0.user == user.id }.map(\.group)
      lines += groups.sorted { precedes($0.text, $1.text) }.map { .member(user.id, of: $0) }
      let items = (itemsByUser[user.id] ?? []).sorted { a, b in
        a.key.collection == b.key.collection
          ? precedes(a.key.id.text, b.key.id.text) : precedes(a.key.collection, b.key.collection)
      }
      lines += items.map { .item($0.listing(nil)) }
    }
    return lines
  }

  /// The audit log of everybody, in every tenant where they were.
  var history: [(user: UserID, tenant: TenantID, changes: [Change])] {
    logs.map { ($0.key.user, $0.key.tenant, $0.value.changes) }
  }
}
