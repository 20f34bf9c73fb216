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
}
