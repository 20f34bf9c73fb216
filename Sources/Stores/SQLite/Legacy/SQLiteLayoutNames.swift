import OData
import Profiles

/// The numbers that a migration assigns to tenants, collections and properties.
final class SQLiteLayoutNames {
  /// The numbers of tenants by id.
  let tenants: SQLiteNumberTable
  /// The numbers of collections by name, at most `SQLiteProfileKey.collectionsMax`.
  let collections: SQLiteNumberTable
  private let properties: SQLiteNumberTable

  /// The names that the new database of `connection` has so far.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    tenants = try SQLiteNumberTable(
      connection, "tenant", "id", insert: "insert into tenant (id, version, json) values (?, 1, cast('{}' as blob))")
    collections = try SQLiteNumberTable(
      connection, "collection", "name", insert: "insert into collection (name) values (?)")
    properties = try SQLiteNumberTable(
      connection, "property", "name", insert: "insert into property (name) values (?)")
  }

  /// Names of properties, joined by commas, in the form of a row of the audit log (`SQLiteNames.append`); nil for none.
  func properties(_ list: String) throws(SQLiteFailure) -> [UInt8]? {
    guard !list.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for name in list.split(separator: ",") {
      SQLiteNames.append(try properties.number(of: String(name)), to: &bytes)
    }
    return bytes.isEmpty ? nil : bytes
  }
}
