import OData
import Profiles

/// Copies the content of a database of the former layout into an empty one of the present layout.
///
/// The first transaction copies names and the directory. Then come people, in the order of their ids, and then the
/// audit log, in its own order. A table of the new database records the progress; it is dropped when everything is
/// copied.
final class SQLiteLayoutCopy {
  /// The database that is read.
  let old: SQLiteConnection
  /// The database that is written.
  let new: SQLiteConnection
  /// The options with which the store is opened.
  let options: SQLiteOptions
  private var work = Work()

  /// How much there is to copy, and how much is copied.
  private struct Work {
    var people: Int64 = 0
    var rows: Int64 = 0
    var peopleCopied: Int64 = 0
    var rowsCopied: Int64 = 0
    var reported = ContinuousClock.now

    /// A person with some items takes as long as several rows of the audit log.
    var percent: Int {
      let (done, all) = (peopleCopied * 8 + rowsCopied, people * 8 + rows)
      return Int(min(99, done * 100 / max(all, 1)))
    }
  }

  /// A copy from `old` to `new`, which belong to the copy until it is complete.
  init(_ old: SQLiteConnection, _ new: SQLiteConnection, _ options: SQLiteOptions) {
    self.old = old
    self.new = new
    self.options = options
  }

  /// Copies what has not been copied yet. `source` tells the state of the old database from others.
  ///
  /// Throws `SQLiteFailure`, a `StoreError` when the copy is not complete in the end, and what a test throws.
  func run(from source: String) throws {
    if try Self.source(of: new) == nil { try begin(from: source) }
    work.people = try count("select count(*) from user", in: old)
    work.rows = try count("select ifnull(max(seq), 0) from record", in: old)
    work.peopleCopied = try count("select ifnull(max(number), 0) from person", in: new)
    work.rowsCopied = try count("select ifnull(max(seq), 0) from audit_log", in: new)
    let names = try SQLiteLayoutNames(new)
    try SQLitePeopleCopy(self, names).run()
    try SQLiteAuditLogCopy(self, names).run()
    try makeIndexes()
    try indexPeople()
    try compare()
    try end()
  }

  // MARK: Beginning and end

  private static let progress = "layout_migration"
  private static let indexes = "layout_migration_index"

  /// The state of the old database that an unfinished copy is made of; nil when `new` is no such copy.
  static func source(of new: SQLiteConnection) throws(SQLiteFailure) -> String? {
    guard try new.value("select 1 from sqlite_master where name = '\(progress)'") != nil else { return nil }
    return try new.value("select source from \(progress)")
  }

  private func begin(from source: String) throws {
    try transaction {
      try new.execute(
        "create table \(Self.progress) (id integer primary key check (id = 1), source text not null, person text) strict"
      )
      let insert = try new.prepare("insert into \(Self.progress) (id, source) values (1, ?)")
      try insert.bind(source)
      try insert.run()
      try putIndexesOff()
      try SQLiteDirectoryCopy(self).run()
    }
  }

  private func end() throws {
    try transaction {
      try new.execute("drop table \(Self.progress)")
      try new.execute("drop table \(Self.indexes)")
    }
  }

  /// Throws unless the new database has as many people, items and audit log rows as the old one.
  private func compare() throws {
    for (before, after) in [
      ("select count(*) from user", "select count(*) from person where tenant is not null"),
      ("select count(*) from item", "select count(*) from profile where id is not null"),
      ("select count(*) from record", "select count(*) from audit_log"),
    ] where try count(before, in: old) != count(after, in: new) {
      throw StoreError.readOnly(
        "The copy of the database in the new layout is not complete. The database was not changed. Remove the file whose "
          + "name ends with .new-layout, then restart the server.")
    }
  }

  private func count(_ sql: String, in connection: SQLiteConnection) throws(SQLiteFailure) -> Int64 {
    try connection.prepare(sql).first { row throws(SQLiteFailure) in row.int64(0) } ?? 0
  }

  // MARK: Indexes

  /// Indexes whose entries are not copied in their order: building them at the end, sorted, is cheaper.
  private static let unordered = [
    "person_principal_name", "membership_group", "mail_address_user",
  ]

  private func putIndexesOff() throws {
    try new.execute("create table \(Self.indexes) (name text primary key, sql text not null) strict")
    for name in Self.unordered {
      try new.execute("insert into \(Self.indexes) select name, sql from sqlite_master where name = '\(name)'")
      try new.execute("drop index \(name)")
    }
  }

  private func makeIndexes() throws {
    let waiting = try new.prepare("select name, sql from \(Self.indexes)").all { row throws(SQLiteFailure) in
      (name: row.text(0), sql: row.text(1))
    }
    for index in waiting {
      try transaction {
        try new.execute(index.sql)
        try new.execute("delete from \(Self.indexes) where name = '\(index.name)'")
      }
    }
  }

  /// Fills the indexes of people, unless a copy that was interrupted did.
  private func indexPeople() throws {
    guard try count("select exists (select 1 from person_text)", in: new) == 0 else { return }
    try transaction { try SQLitePersonIndex.fill(new) }
  }

  // MARK: Transactions

  /// Runs `body` in one transaction of the new database. When `body` throws, closing the connection rolls it back.
  func transaction(_ body: () throws -> Void) throws {
    try step()
    try new.execute("begin immediate")
    try body()
    try step()
    try new.execute("commit")
  }

  /// Lets a test stop here.
  func step() throws { try options.beforeMigrationStep?() }

  /// The person who was copied last, in the order of ids; nil when none was.
  func lastPerson() throws(SQLiteFailure) -> String? {
    try new.prepare("select person from \(Self.progress)").first { row throws(SQLiteFailure) in row.optionalText(0) }
      ?? nil
  }

  /// Records in the open transaction who was copied last.
  func setLastPerson(_ id: String) throws(SQLiteFailure) {
    let update = try new.prepare("update \(Self.progress) set person = ?")
    try update.bind(id)
    try update.run()
  }

  /// Reports how much is copied, at most every `Limits.migrationReportSeconds`.
  func report(people: Int64? = nil, rows: Int64? = nil) {
    if let people { work.peopleCopied = people }
    if let rows { work.rowsCopied = rows }
    let now = ContinuousClock.now
    guard now - work.reported >= .seconds(Limits.migrationReportSeconds) else { return }
    work.reported = now
    options.onMigration?(.copied(percent: work.percent))
  }
}
