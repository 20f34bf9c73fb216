import Foundation
import GRDB
import GRDBSQLite
import OData
import Profiles

/// The tables, as a list of named migrations, to which new ones are only ever added. Databases of the former layout are
/// copied into a new file (`SQLiteLayoutMigration`).
///
/// The rows of a person lie together (docs/decisions/0016). People, tenants, collections and properties have numbers,
/// which are never reused. Tables with wide rows have a rowid.
enum SQLiteSchema {
  /// Facet's application id in the header of the database ("Face").
  static let applicationID = "1180787557"

  /// The expression that people are sorted by: as many bytes as a position in a list holds. A query must repeat it to
  /// be served by the index.
  static func sortKey(_ column: String) -> String {
    // `substr` of an empty blob is null, which would sort an empty text among those that are not set.
    "ifnull(substr(cast(\(column) as blob), 1, \(Limits.orderTextBytesMax)), cast(\(column) as blob))"
  }

  /// The numbers of tenants, collections and properties.
  private static let names = """
    create table tenant (
      number integer primary key,
      id text not null unique,
      version integer not null,
      json blob not null
    ) strict;

    create table collection (
      number integer primary key check (number between 1 and \(SQLiteProfileKey.collectionsMax)),
      name text not null unique
    ) strict;

    create table property (
      number integer primary key,
      name text not null unique
    ) strict;
    """

  /// People. When a person is deleted, their row keeps the number and the id, to which the audit log still refers; its
  /// tenant is null. The indexes of names are not unique: names are compared by stricter rules than in earlier
  /// versions, so two people may share one. No further person gets a taken name, because the only writer checks first.
  /// The JSON of a person whose id is a GUID lacks its first member, the id (`SQLiteEntityJSON`).
  private static let people = """
    create table person (
      number integer primary key check (number between 1 and \(SQLiteProfileKey.peopleMax)),
      id text not null,
      tenant integer,
      principal_name text,
      principal_name_folded text,
      display_name text,
      display_name_folded text,
      version integer check (version > 0),
      json blob
    ) strict;

    -- It covers everything that a read of an item needs of its owner, so that the row of the person is not read.
    create index person_owner on person (id, tenant, display_name);
    create index person_tenant on person (tenant, id) where tenant is not null;
    create index person_principal_name on person (tenant, \(sortKey("principal_name_folded")), id)
      where tenant is not null;
    create index person_display_name on person (tenant, \(sortKey("display_name_folded")), id)
      where tenant is not null;
    """

  /// The profiles: for each person the row of their state (`SQLitePersonState`), then their items. Each index of a flag
  /// holds the items that the flag admits, in their default order, so that a list or a count touches nothing that is
  /// hidden. The JSON of an item whose id is a GUID lacks its first member, the id (`SQLiteEntityJSON`).
  private static let profiles = """
    create table profile (
      key integer primary key,
      id any,
      version integer check (version > 0),
      created integer,
      collapse_start integer,
      collapse_end integer,
      json blob not null,
      listed text,
      listed_as integer
    ) strict;

    create unique index profile_item on profile (\(SQLiteProfileKey.place), id) where id is not null;
    create index profile_listed on profile (\(SQLiteProfileKey.person), listed, listed_as) where listed is not null;
    create index profile_owner_only on profile (\(SQLiteProfileKey.place), created, id)
      where \(SQLiteProfileKey.isForOwnerOnly);

    """
    + Audience.flags.map { flag in
      """
      create index profile_\(indexName(flag)) on profile (\(SQLiteProfileKey.place), created, id)
        where \(SQLiteProfileKey.isFor(flag));

      """
    }.joined()

  private static func indexName(_ flag: Audience) -> String {
    flag.text.replacing(#/[A-Z]/#) { "_" + $0.output.lowercased() }
  }

  /// Groups, memberships, mail addresses and idempotency receipts.
  private static let directory = """
    create table directory_group (
      id text not null primary key,
      tenant text not null,
      version integer not null check (version > 0),
      json blob not null
    ) strict;

    create index directory_group_tenant on directory_group (tenant, id);

    create table membership (
      user text not null,
      group_id text not null,
      primary key (user, group_id)
    ) strict, without rowid;

    create index membership_group on membership (group_id, user);

    create table mail_address (
      tenant text not null,
      folded text not null,
      shared text not null,
      user text not null,
      primary key (tenant, folded, shared)
    ) strict, without rowid;

    create index mail_address_user on mail_address (user);

    create table idempotency_receipt (
      key blob not null primary key,
      body blob not null,
      item text not null,
      expires integer not null
    ) strict, without rowid;

    create index idempotency_receipt_expires on idempotency_receipt (expires);
    """

  /// The photos of groups, apart from the groups, which are read without them.
  private static let groupPhotos = """
    create table group_photo (
      group_id text not null primary key,
      version integer not null check (version > 0),
      json blob not null
    ) strict;
    """

  /// Who is whose manager, by person. A manager may have been deleted.
  private static let managers = """
    create table manager (
      user text not null primary key,
      manager text not null
    ) strict, without rowid;

    create index manager_reports on manager (manager, user);
    """

  /// The audit log: rows are appended, each with the place of the one before in its chain, since an index by person
  /// would cost a page for every row. The ends of the chains are in the states of the people.
  private static let auditLog = """
    create table audit_log (
      seq integer primary key,
      previous integer,
      person integer not null,
      tenant integer not null,
      position integer not null,
      time integer not null,
      kind integer not null,
      collection integer,
      item any,
      properties blob,
      version_before integer,
      version_after integer,
      acting_user any,
      acting_app any,
      code blob not null
    ) strict;

    create table audit_total (
      id integer primary key check (id = 1),
      count integer not null,
      sum blob not null,
      seal blob not null,
      key blob not null
    ) strict;
    """

  /// Creates the tables of an empty database, and the rows that they contain from the beginning.
  static func create(_ database: Database, _ key: AuditKey) throws {
    for tables in [names, people, profiles, directory, auditLog] { try database.execute(sql: tables) }
    for tenant in TenantID.builtIn {
      try database.execute(
        sql: "insert into tenant (id, version, json) values (?, 1, cast('{}' as blob))", arguments: [tenant.text])
    }
    let total = AuditTotal()
    try database.execute(
      sql: "insert into audit_total (id, count, sum, seal, key) values (1, ?, ?, ?, ?)",
      arguments: [total.count, Data(total.sum), Data(total.seal(key)), Data(key.fingerprint)])
    try database.execute(sql: "pragma application_id = \(applicationID)")
  }

  /// The migrations of the present layout; `key` and the connection that is migrated are needed to run them.
  static func migrator(_ key: AuditKey?, _ connection: SQLiteConnection? = nil) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    // Safety: the migration runs on the connection, while the caller waits.
    nonisolated(unsafe) let connection = connection
    migrator.registerMigration(layout, foreignKeyChecks: .immediate) { database in
      guard let key else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
      try create(database, key)
    }
    migrator.registerMigration("links of groups", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: "alter table directory_group add column links blob")
    }
    migrator.registerMigration("disabled accounts", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: disabledIndex)
    }
    migrator.registerMigration("photos of groups", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: groupPhotos)
    }
    migrator.registerMigration("indexes of people", foreignKeyChecks: .immediate) { database in
      guard let connection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
      try database.execute(sql: managers)
      try database.execute(sql: SQLitePersonIndex.tables)
      try SQLitePersonIndex.fill(connection)
    }
    migrator.registerMigration("groups by links", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: linksIndex)
    }
    migrator.registerMigration("search segments", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: SQLitePersonIndex.mergeSeldom)
    }
    return migrator
  }

  // MARK: Owners of groups

  /// The index holds the links themselves, so that those that name an owner are found without reading the groups.
  private static let linksIndex =
    "create index directory_group_links on directory_group (tenant, links) where links is not null"

  /// The groups of a tenant whose links hold some bytes.
  static let selectOwned = """
    select id from directory_group indexed by directory_group_links
    where tenant = ? and links is not null and instr(links, ?) > 0
    """

  // MARK: Disabled accounts

  /// That an account is disabled, by the member that `EntityWriter` writes.
  private static let isDisabled = "instr(json, cast('\"accountEnabled\":false' as blob)) > 0 and tenant is not null"
  /// The index holds none but the disabled accounts, so that a start finds them without reading everybody.
  private static let disabledIndex = "create index person_disabled on person (id) where \(isDisabled)"

  /// The statement that the index serves. It names the index, for the planner would rather read everybody by tenant.
  static let selectDisabled = "select id from person indexed by person_disabled where \(isDisabled)"

  /// The people whose accounts are disabled.
  static func disabledAccounts(_ connection: SQLiteConnection) throws(SQLiteFailure) -> [UserID] {
    let select = try connection.prepare(selectDisabled)
    // Nobody signs in with what is no id.
    return try select.all { row throws(SQLiteFailure) in UserID(row.text(0)) }.compactMap(\.self)
  }

  /// The name of the first migration of the present layout.
  static let layout = "profiles by person"

  // MARK: Who wrote a file

  /// Why a database cannot be opened in the layout that this program knows.
  enum Refusal: Error, Equatable {
    /// An older program wrote it, and it was opened for reading only.
    case older
    /// A newer program wrote it.
    case newer
    /// It is the database of another program.
    case foreign
    case failure(SQLiteFailure)

    /// A sentence for an operator.
    var message: String {
      switch self {
      case .newer:
        "The database was written by a newer version of Facet. Start that version, or restore an older backup."
      case .older: StoreOpenError.older.message
      case .foreign: "The file is a database of another program. Choose another data directory with --data."
      case .failure(let failure):
        failure.isDamage
          ? SQLiteFailure.damageSentence(failure.reason)
          : "The database cannot be prepared: \(failure.reason). Correct the cause, then restart the server."
      }
    }
  }

  /// Which program wrote a database.
  enum Origin {
    /// Nobody yet.
    case empty
    /// One whose layout this program copies into its own.
    case legacy
    /// One of the present layout, perhaps before the last migrations.
    case present
  }

  /// Finds out which program wrote a database. Throws `foreign` and `newer` for those that this program cannot open.
  static func origin(of connection: SQLiteConnection) throws(Refusal) -> Origin {
    do {
      if try isEmpty(connection) { return .empty }
      guard try connection.value("pragma application_id") == applicationID else { throw Refusal.foreign }
      let isPresent =
        try connection.value("select 1 from grdb_migrations where identifier = '\(layout)'") != nil
      let migrator = isPresent ? migrator(nil) : SQLiteLegacySchema.migrator(nil)
      guard try !connection.queue.unsafeRead(migrator.hasBeenSuperseded) else { throw Refusal.newer }
      return isPresent ? .present : .legacy
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// Runs the migrations of the present layout that the database lacks. `key` authenticates the audit log. Throws
  /// `older` when the database has the former layout.
  static func migrate(_ connection: SQLiteConnection, _ key: AuditKey) throws(Refusal) {
    guard try origin(of: connection) != .legacy else { throw .older }
    do {
      try migrator(key, connection).migrate(connection.queue)
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// Throws unless the database has the form that this program reads and writes.
  static func checkCurrent(_ connection: SQLiteConnection) throws(Refusal) {
    switch try origin(of: connection) {
    case .empty: throw .foreign
    case .legacy: throw .older
    case .present: break
    }
    do {
      guard try connection.queue.unsafeRead(migrator(nil).hasCompletedMigrations) else { throw Refusal.older }
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// Whether a database has an audit log, and so a key that its rows were made with.
  static func hasAuditLog(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
    try connection.value("select 1 from sqlite_master where name in ('audit_total', 'chains')") != nil
  }

  /// Whether the database is empty. The table that lists migrations is created before the first one, in a transaction
  /// of its own: a start that is cut off between the two leaves only that table.
  static func isEmpty(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
    try connection.value("select count(*) from sqlite_master where tbl_name <> 'grdb_migrations'") == "0"
  }
}
