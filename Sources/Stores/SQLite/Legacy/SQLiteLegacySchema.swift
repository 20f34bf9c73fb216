import Foundation
import GRDB
import GRDBSQLite
import OData
import Profiles

/// The tables, as a list of named migrations. Migrations are only ever added.
enum SQLiteSchema {
  /// Facet's application id in the header of the database ("Face").
  static let applicationID = "1180787557"

  /// The condition of items that people of other tenants may see, of which an older migration made an index.
  private static let isBeyondTenant = "audience & \(Audience.beyondTenant.rawValue) != 0"

  /// The condition of items for an audience that reaches beyond the tenant. A query must repeat it to be served by the
  /// index.
  static func isFor(_ audience: Audience) -> String { "audience & \(audience.rawValue) != 0" }

  /// The tables of people, items, and the change log. Text is compared byte for byte.
  private static let first = """
    create table user (
      id text not null primary key,
      tenant text not null,
      principal_name text,
      principal_name_folded text,
      display_name text,
      version integer not null check (version > 0),
      json blob not null
    ) strict, without rowid;

    create index user_tenant on user (tenant, id);

    create unique index user_principal_name on user (tenant, principal_name_folded)
      where principal_name_folded is not null;

    create table item (
      user text not null,
      collection text not null,
      id text not null,
      version integer not null check (version > 0),
      audience integer not null,
      created integer not null,
      collapse_start integer,
      collapse_end integer,
      json blob not null,
      primary key (user, collection, id)
    ) strict, without rowid;

    create index item_created on item (user, collection, created, id, audience);

    create index item_beyond_tenant on item (user) where \(isBeyondTenant);

    create table change (
      seq integer primary key,
      user text not null,
      time integer not null,
      kind integer not null,
      collection text,
      item text,
      properties text not null,
      version_before integer,
      version_after integer,
      acting_user text,
      acting_app text
    ) strict;

    create index change_user on change (user);
    """

  /// The expression that people are sorted by: as many bytes as a position in a list holds. A query must repeat it to
  /// be served by the index.
  static func sortKey(_ column: String) -> String {
    // `substr` of an empty blob is null, which would sort an empty text among those that are not set.
    "ifnull(substr(cast(\(column) as blob), 1, \(Limits.orderTextBytesMax)), cast(\(column) as blob))"
  }

  /// The index of people by display name, and the table of receipts of `Idempotency-Key`.
  private static let second = """
    create index user_display_name on user (tenant, \(sortKey("display_name")), id);

    create table receipt (
      key blob not null primary key,
      body blob not null,
      item text not null,
      expires integer not null
    ) strict, without rowid;

    create index receipt_expires on receipt (expires);
    """

  /// The tables of tenants and groups, the columns of listed people, and the audit log as chains of authenticated rows.
  /// Rows are appended, each with the place of the one before in its chain: an index by person would cost a page for
  /// every row.
  private static let third = """
    create table tenant (
      id text not null primary key,
      version integer not null,
      json blob not null
    ) strict, without rowid;

    insert into tenant select tenant, 1, cast('{}' as blob) from user group by tenant;

    create table directory_group (
      id text not null primary key,
      tenant text not null,
      version integer not null check (version > 0),
      json blob not null
    ) strict, without rowid;

    create index directory_group_tenant on directory_group (tenant, id);

    create table membership (
      user text not null,
      group_id text not null,
      primary key (user, group_id)
    ) strict, without rowid;

    create index membership_group on membership (group_id, user);

    alter table item add column listed text;
    alter table item add column listed_as integer;

    create index item_listed on item (user, listed, listed_as) where listed is not null;

    drop index item_beyond_tenant;
    create index item_federated on item (user, collection) where \(isFor(.federatedOrganizations));
    create index item_everyone on item (user, collection) where \(isFor(.everyone));

    create table record (
      seq integer primary key,
      previous integer,
      user text not null,
      tenant text not null,
      position integer not null,
      time integer not null,
      kind integer not null,
      collection text,
      item text,
      properties text not null,
      version_before integer,
      version_after integer,
      acting_user text,
      acting_app text,
      code blob not null
    ) strict;

    create table chain (
      user text not null,
      tenant text not null,
      length integer not null,
      last integer not null,
      tip blob not null,
      seal blob not null,
      primary key (user, tenant)
    ) strict, without rowid;

    create table chains (
      id integer primary key check (id = 1),
      count integer not null,
      sum blob not null,
      seal blob not null,
      key blob not null
    ) strict;
    """

  /// The names of people in the form by which they are compared. Two people may have shared a name since before names
  /// were compared so: the index does not refuse them. No further person gets such a name, because the one writer looks
  /// first.
  private static let fourth = """
    drop index user_principal_name;
    drop index user_display_name;
    alter table user add column display_name_folded text;
    update user set principal_name_folded = \(folded("principal_name")), display_name_folded = \(folded("display_name"));
    create index user_principal_name on user (tenant, \(sortKey("principal_name_folded")), id);
    create index user_display_name on user (tenant, \(sortKey("display_name_folded")), id);
    """

  /// The folded form of a text, by a function of this program, as bytes: functions on text stop at a zero byte.
  private static func folded(_ column: String) -> String {
    "cast(facet_folded(cast(\(column) as blob)) as text)"
  }

  private static let foldingFunction = DatabaseFunction("facet_folded", argumentCount: 1, pure: true) { values in
    Data.fromDatabaseValue(values[0]).map { Data(String(decoding: $0, as: UTF8.self).folded.utf8) }
  }

  /// Why a database cannot be migrated to the form that this program knows.
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

  /// Runs the migrations that the database has not had. `key` authenticates the audit log.
  static func migrate(_ connection: SQLiteConnection, _ key: AuditKey) throws(Refusal) {
    try check(connection, mayBeEmpty: true)
    do {
      try migrator(key).migrate(connection.queue)
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// Whether a database has an audit log, and so a key that its rows were made with.
  static func hasAuditLog(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
    try connection.value("select 1 from sqlite_master where name = 'chains'") != nil
  }

  /// Whether the database is empty. The table that lists migrations is created before the first one, in a transaction
  /// of its own: a start that is cut off between the two leaves only that table.
  static func isEmpty(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
    try connection.value("select count(*) from sqlite_master where tbl_name <> 'grdb_migrations'") == "0"
  }

  /// Throws unless the database has the form that this program reads and writes.
  static func checkCurrent(_ connection: SQLiteConnection) throws(Refusal) {
    try check(connection, mayBeEmpty: false)
    do {
      guard try connection.queue.unsafeRead(migrator(nil).hasCompletedMigrations) else { throw Refusal.older }
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// Throws unless this program can read the database or migrate it; `mayBeEmpty` accepts a new file.
  static func check(_ connection: SQLiteConnection, mayBeEmpty: Bool) throws(Refusal) {
    do {
      if try isEmpty(connection), mayBeEmpty { return }
      guard try connection.value("pragma application_id") == applicationID else { throw Refusal.foreign }
      guard try !connection.queue.unsafeRead(migrator(nil).hasBeenSuperseded) else { throw Refusal.newer }
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw .failure(SQLiteFailure(error))
    }
  }

  /// The migrations; `key` is needed to run them.
  private static func migrator(_ key: AuditKey?) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("people, items and changes", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: first)
      try database.execute(sql: "pragma application_id = \(applicationID)")
    }
    migrator.registerMigration("people by name, and receipts", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: second)
    }
    migrator.registerMigration("tenants, groups and the record", foreignKeyChecks: .immediate) { database in
      guard let key else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
      try database.execute(sql: third)
      for tenant in TenantID.builtIn {
        try database.execute(
          sql: "insert or ignore into tenant values (?, 1, cast('{}' as blob))", arguments: [tenant.text])
      }
      var migration = SQLiteAuditMigration(database, key)
      try migration.run()
    }
    migrator.registerMigration("names as they are compared", foreignKeyChecks: .immediate) { database in
      database.add(function: foldingFunction)
      try database.execute(sql: fourth)
      database.remove(function: foldingFunction)
    }
    migrator.registerMigration("mail addresses", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: SQLiteMailTable.declaration)
      try SQLiteMailTable.fill(database)
    }
    return migrator
  }
}
