import Foundation
import GRDB
import OData
import Profiles

/// The tables of the former layout, as a complete list of named migrations. They bring a database of any older version
/// to the last form of that layout, from which `SQLiteLayoutMigration` copies it.
enum SQLiteLegacySchema {
  /// The condition of items that people of other tenants may see, of which an older migration made an index.
  private static let isBeyondTenant = "audience & \(Audience.beyondTenant.rawValue) != 0"

  /// The condition of items for an audience that reaches beyond the tenant.
  private static func isFor(_ audience: Audience) -> String { "audience & \(audience.rawValue) != 0" }

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

  /// The index of people by display name, and the table of receipts of `Idempotency-Key`.
  private static let second = """
    create index user_display_name on user (tenant, \(SQLiteSchema.sortKey("display_name")), id);

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
    create index user_principal_name on user (tenant, \(SQLiteSchema.sortKey("principal_name_folded")), id);
    create index user_display_name on user (tenant, \(SQLiteSchema.sortKey("display_name_folded")), id);
    """

  /// The folded form of a text, by a function of this program, as bytes: functions on text stop at a zero byte.
  private static func folded(_ column: String) -> String {
    "cast(facet_folded(cast(\(column) as blob)) as text)"
  }

  private static let foldingFunction = DatabaseFunction("facet_folded", argumentCount: 1, pure: true) { values in
    Data.fromDatabaseValue(values[0]).map { Data(String(decoding: $0, as: UTF8.self).folded.utf8) }
  }

  /// The mail addresses of people. One row of an address has an empty `shared`. People who shared an address before
  /// addresses were unique have further rows, with their id in `shared`.
  private static let fifth = """
    create table mail_address (
      tenant text not null,
      folded text not null,
      shared text not null,
      user text not null,
      primary key (tenant, folded, shared)
    ) strict, without rowid;

    create index mail_address_user on mail_address (user);
    """

  /// Fills the new table with the addresses of all people. Of several who share one, the first by id is its holder.
  private static func fillMailAddresses(_ database: Database) throws {
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

  /// The migrations; `key` authenticates the audit log, and is needed to run them.
  static func migrator(_ key: AuditKey?) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("people, items and changes", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: first)
      try database.execute(sql: "pragma application_id = \(SQLiteSchema.applicationID)")
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
      var migration = SQLiteLegacyAuditMigration(database, key)
      try migration.run()
    }
    migrator.registerMigration("names as they are compared", foreignKeyChecks: .immediate) { database in
      database.add(function: foldingFunction)
      try database.execute(sql: fourth)
      database.remove(function: foldingFunction)
    }
    migrator.registerMigration("mail addresses", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: fifth)
      try fillMailAddresses(database)
    }
    return migrator
  }
}
