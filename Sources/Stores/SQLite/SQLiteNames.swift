import OData
import Profiles

/// The numbers that stand for tenants, collections and properties in one database, cached for one connection. A number
/// is never given to another name, so what was read from a committed row stays valid. Belongs to the connection and its
/// thread.
final class SQLiteNames {
  /// A name, compared byte for byte as the database does: two tenants may have ids that Unicode considers equal.
  private struct Name: Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
      text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  /// The names of one table and their numbers, which are looked up in memory first.
  private struct Table {
    let find, name, give: SQLiteStatement
    var numbers: [Name: Int64] = [:]
    var names: [Int64: String] = [:]

    /// `column` is the unique text of `table`; `give` inserts it.
    init(_ connection: SQLiteConnection, _ table: String, _ column: String, give: String) throws(SQLiteFailure) {
      find = try connection.prepare("select number from \(table) where \(column) = ?")
      name = try connection.prepare("select \(column) from \(table) where number = ?")
      self.give = try connection.prepare(give)
    }

    mutating func number(of name: String) throws(SQLiteFailure) -> Int64? {
      if let known = numbers[Name(text: name)] { return known }
      try find.bind(name)
      guard let number = try find.first({ row throws(SQLiteFailure) in row.int64(0) }) else { return nil }
      keep(number, name)
      return number
    }

    mutating func name(of number: Int64) throws(SQLiteFailure) -> String? {
      if let known = names[number] { return known }
      try name.bind(number)
      guard let name = try name.first({ row throws(SQLiteFailure) in row.text(0) }) else { return nil }
      keep(number, name)
      return name
    }

    private mutating func keep(_ number: Int64, _ name: String) {
      if numbers.count >= Limits.rememberedTenantsMax { forget() }
      numbers[Name(text: name)] = number
      names[number] = name
    }

    mutating func forget() {
      numbers.removeAll()
      names.removeAll()
    }
  }

  private let connection: SQLiteConnection
  private var tenants, collections, properties: Table
  /// Tenants by number, since each read of an owner needs one.
  private var tenantIDs: [Int64: TenantID] = [:]

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    self.connection = connection
    tenants = try Table(
      connection, "tenant", "id", give: "insert into tenant (id, version, json) values (?, 1, cast('{}' as blob))")
    collections = try Table(connection, "collection", "name", give: "insert into collection (name) values (?)")
    properties = try Table(connection, "property", "name", give: "insert into property (name) values (?)")
  }

  // MARK: Looking up

  /// The number of a tenant; nil when the database has no such tenant.
  func number(of tenant: TenantID) throws(SQLiteFailure) -> Int64? { try tenants.number(of: tenant.text) }

  /// The number of a collection; `SQLiteProfileKey.nobody`, with which nothing is found, when the database has none of
  /// that name.
  func number(ofCollection name: String) throws(SQLiteFailure) -> Int64 {
    try collections.number(of: name) ?? SQLiteProfileKey.nobody
  }

  /// The tenant with a number that a row names.
  func tenant(_ number: Int64) throws(SQLiteFailure) -> TenantID {
    if let known = tenantIDs[number] { return known }
    guard let tenant = try tenants.name(of: number).flatMap({ TenantID($0) }) else { throw .row(DamagedRow.user) }
    if tenantIDs.count >= Limits.rememberedTenantsMax { tenantIDs.removeAll() }
    tenantIDs[number] = tenant
    return tenant
  }

  /// The collection with a number that a row names.
  func collection(_ number: Int64) throws(SQLiteFailure) -> String {
    guard let name = try collections.name(of: number) else { throw .row(DamagedRow.item) }
    return name
  }

  /// The names of the properties in a row of the audit log, which holds their numbers one after another: each in base
  /// 128, least significant digit first, with the high bit set on all digits but the last. Throws `SQLiteFailure.row`
  /// for other bytes and unknown numbers.
  func properties(_ bytes: [UInt8]) throws(SQLiteFailure) -> [String] {
    var names: [String] = []
    var (number, shift): (Int64, Int64) = (0, 0)
    for byte in bytes {
      guard shift < 56 else { throw .row(DamagedRow.change) }
      number |= Int64(byte & 0x7F) << shift
      shift += 7
      guard byte < 0x80 else { continue }
      guard let name = try properties.name(of: number) else { throw .row(DamagedRow.change) }
      names.append(name)
      (number, shift) = (0, 0)
    }
    guard shift == 0 else { throw .row(DamagedRow.change) }
    return names
  }

  // MARK: Assigning numbers, on the connection that writes

  /// The number of a tenant, which is added without settings if the database does not have it.
  func give(_ tenant: TenantID) throws(SQLiteFailure) -> Int64 {
    if let known = try tenants.number(of: tenant.text) { return known }
    return try insert(tenant.text, tenants.give)
  }

  /// The number of a collection, which gets one if it has none. Fails beyond `SQLiteProfileKey.collectionsMax`.
  func give(collection name: String) throws(SQLiteFailure) -> Int64 {
    if let known = try collections.number(of: name) { return known }
    return try insert(name, collections.give)
  }

  /// The numbers of properties in the form of a row of the audit log (`properties`); nil for none.
  func give(properties names: [String]) throws(SQLiteFailure) -> [UInt8]? {
    guard !names.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for name in names {
      let known = try properties.number(of: name)
      let number = if let known { known } else { try insert(name, properties.give) }
      Self.append(number, to: &bytes)
    }
    return bytes
  }

  /// Appends the number of a property to the form of a row of the audit log (`properties`).
  static func append(_ number: Int64, to bytes: inout [UInt8]) {
    var number = number
    while number >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: number) | 0x80)
      number >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: number))
  }

  private func insert(_ name: String, _ give: SQLiteStatement) throws(SQLiteFailure) -> Int64 {
    try give.bind(name)
    try give.run()
    return connection.lastInsertedRow
  }

  /// Forgets everything: numbers that a transaction assigned before it was rolled back may be given to other names.
  func forget() {
    tenants.forget()
    collections.forget()
    properties.forget()
    tenantIDs.removeAll()
  }
}
