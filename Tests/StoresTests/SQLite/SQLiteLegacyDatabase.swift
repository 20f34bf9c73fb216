import Foundation
import GRDB
import OData
import Profiles

@testable import Stores

/// A database on SQLite as one of the first programs left it: without groups and chains, and with names that were
/// compared in lower case.
struct SQLiteLegacyDatabase {
  private let queue: DatabaseQueue

  /// A new database, in which there is nobody.
  init(_ path: String) throws {
    queue = try DatabaseQueue(path: path)
    try SQLiteLegacySchema.migrator(nil).migrate(queue, upTo: "people by name, and receipts")
  }

  /// Adds a person, whose name may hold a zero byte.
  func add(_ user: StoredUser) throws {
    func bytes(_ text: String?) -> Data? { text.map { Data($0.utf8) } }
    try write(
      """
      insert into user (id, tenant, principal_name, principal_name_folded, display_name, version, json)
      values (?, ?, cast(? as text), cast(? as text), cast(? as text), ?, ?)
      """,
      [
        user.id.text, user.tenant.text, bytes(user.principalName), bytes(user.principalName?.lowercased()),
        bytes(user.displayName), user.version.number, Data(user.json),
      ])
  }

  /// Adds an item, which lists nobody.
  func add(_ item: StoredItem) throws {
    try write(
      """
      insert into item (user, collection, id, version, audience, created, collapse_start, collapse_end, json)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        item.key.user.text, item.key.collection, item.key.id.text, item.version.number, item.audience.rawValue,
        item.created.ticks, item.collapsible?.lowerBound, item.collapsible?.upperBound, Data(item.json),
      ])
  }

  /// Adds a row to the change log, which did not tell the tenant.
  func add(_ change: Change) throws {
    try write(
      """
      insert into change (user, time, kind, collection, item, properties, version_before, version_after, acting_user,
      acting_app) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        change.user.text, change.time.ticks, change.kind.rawValue, change.collection, change.item?.text,
        change.properties.joined(separator: ","), change.versionBefore?.number, change.versionAfter?.number,
        change.actingUser?.text, change.actingApplication,
      ])
  }

  private func write(_ sql: String, _ arguments: StatementArguments) throws {
    try queue.write { try $0.execute(sql: sql, arguments: arguments) }
  }

  /// Closes the file.
  func close() throws { try queue.close() }
}
