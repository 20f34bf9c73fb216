import Foundation
import GRDB
import OData
import Profiles

/// The table of mail addresses, inside the open transaction.
///
/// One row of an address has an empty `shared`, which makes addresses unique. People who have shared an address since
/// before addresses were unique keep it in further rows, with their id in `shared`, until they change it.
final class SQLiteMailTable {
  private let selectHolder, delete, insert: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    selectHolder = try connection.prepare(
      "select 1 from mail_address where tenant = ? and folded = ? and user <> ? limit 1")
    delete = try connection.prepare("delete from mail_address where user = ?")
    insert = try connection.prepare("insert into mail_address (tenant, folded, shared, user) values (?, ?, '', ?)")
  }

  /// Whether another person of the tenant has the address.
  func isTaken(_ folded: String, of user: StoredUser) throws(SQLiteFailure) -> Bool {
    try selectHolder.bind(user.tenant.text, folded, user.id.text)
    return try selectHolder.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// Records the address of a person in place of the one that they had.
  func note(_ folded: String?, of user: StoredUser) throws(SQLiteFailure) {
    try forget(user.id)
    guard let folded else { return }
    try insert.bind(user.tenant.text, folded, user.id.text)
    try insert.run()
  }

  /// Deletes the address of a person.
  func forget(_ user: UserID) throws(SQLiteFailure) {
    try delete.bind(user.text)
    try delete.run()
  }

  // MARK: The form of the table

  static let declaration = """
    create table mail_address (
      tenant text not null,
      folded text not null,
      shared text not null,
      user text not null,
      primary key (tenant, folded, shared)
    ) strict, without rowid;

    create index mail_address_user on mail_address (user);
    """

  /// Fills a new table with the addresses of all people. Of several who share one, the first by id is its holder.
  static func fill(_ database: Database) throws {
    let people = try Row.fetchCursor(database, sql: "select id, tenant, json from user order by id")
    while let row = try people.next() {
      guard let id = UserID(row[0]), let tenant = TenantID(row[1]) else { continue }
      let json: Data = row[2]
      let person = StoredUser(
        id: id, tenant: tenant, principalName: nil, displayName: nil, version: .unwritten, json: Array(json))
      guard let folded = person.foldedMail else { continue }
      let sql = "insert or ignore into mail_address (tenant, folded, shared, user) values (?, ?, ?, ?)"
      try database.execute(sql: sql, arguments: [tenant.text, folded, "", id.text])
      guard database.changesCount == 0 else { continue }
      try database.execute(sql: sql, arguments: [tenant.text, folded, id.text, id.text])
    }
  }
}
