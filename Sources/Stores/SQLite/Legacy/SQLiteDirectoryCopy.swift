import OData
import Profiles

/// Copies everything but people and the audit log: tenants, groups, memberships, mail addresses, receipts, and the
/// total of all chains.
struct SQLiteDirectoryCopy {
  private let copy: SQLiteLayoutCopy

  /// Copies inside the open transaction of `copy`.
  init(_ copy: SQLiteLayoutCopy) { self.copy = copy }

  /// Copies it all.
  func run() throws {
    try rows(
      of: "select id, version, json from tenant order by id",
      to: """
        insert into tenant (id, version, json) values (?, ?, ?)
        on conflict (id) do update set version = excluded.version, json = excluded.json
        """, columns: 3)
    let names = try SQLiteLayoutNames(copy.new)
    for collection in ProfileModel.collections { _ = try names.collections.number(of: collection.name) }
    try table("directory_group", "id, tenant, version, json", columns: 4)
    try table("membership", "user, group_id", columns: 2)
    try table("mail_address", "tenant, folded, shared, user", columns: 4)
    try table("receipt", "key, body, item, expires", columns: 4, as: "idempotency_receipt")
    try rows(
      of: "select count, sum, seal, key from chains",
      to: "update audit_total set count = ?, sum = ?, seal = ?, key = ?", columns: 4)
  }

  private func table(_ table: String, _ names: String, columns: Int32, as new: String? = nil) throws {
    let places = Array(repeating: "?", count: Int(columns)).joined(separator: ", ")
    try rows(
      of: "select \(names) from \(table)", to: "insert into \(new ?? table) (\(names)) values (\(places))",
      columns: columns)
  }

  private func rows(of select: String, to write: String, columns: Int32) throws {
    let write = try copy.new.prepare(write)
    try copy.old.prepare(select).forEach { row in
      try write.bind(all: (0..<columns).map { row.value($0) })
      try write.run()
    }
  }
}
