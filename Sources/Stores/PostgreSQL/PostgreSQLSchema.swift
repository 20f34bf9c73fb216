import OData
import Profiles

/// The tables. Every key of a table that requests write begins with the person, by whom a distributed database spreads
/// the rows. Names are kept as bytes, because `text` cannot hold every character that JSON can. Pages of rows that are
/// often updated keep room for the new row, so that no index is touched (a heap-only tuple).
enum PostgreSQLSchema {
  /// The version of the form that this program knows: the last one.
  static let version = Step.allCases.last?.rawValue ?? 1

  /// The migrations since the first form, each by the version that it leads to. Migrations are only ever added.
  private enum Step: Int64, CaseIterable {
    case foldedNames = 2
    case mailAddresses = 3
    case audienceIndexes = 4
    case sharedNames = 5
    case membersByGroup = 6
    case chainOwners = 7
    case groupLinks = 8
    case groupPhotos = 9
    case disabledAccounts = 11

    func run(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
      switch self {
      case .foldedNames: try PostgreSQLSchema.foldNames(connection)
      case .mailAddresses: try PostgreSQLMailTable.add(connection)
      case .audienceIndexes: try PostgreSQLAudienceIndexes.add(connection)
      case .sharedNames: try PostgreSQLSchema.addSharedNames(connection)
      case .membersByGroup:
        // A node that is added gets the tables of every node by logical replication, which needs a key.
        try connection.execute("alter table facet_schema add primary key (version)")
        try PostgreSQLMemberTable.add(connection)
      case .chainOwners: try PostgreSQLChainOwners.add(connection)
      case .groupLinks: try PostgreSQLGroupLinks.add(connection)
      case .groupPhotos: try PostgreSQLGroupPhotos.add(connection)
      case .disabledAccounts: try PostgreSQLDisabledAccounts.add(connection)
      }
    }
  }

  /// The advisory lock that serialises the migrations of several servers: a number that no other program takes
  /// ("Face").
  private static let lock = 1_180_787_557

  /// The expression that people are sorted by: as many bytes as a position in a list holds. A query must repeat it to
  /// be served by the index.
  static func sortKey(_ column: String) -> String {
    "substring(\(column) from 1 for \(Limits.orderTextBytesMax))"
  }

  /// The first form.
  static let tables = """
    create table facet_schema (version bigint not null);
    create table facet_key (name text not null primary key, value bytea not null);

    create table tenant (id text collate "C" not null primary key, version bigint not null, json bytea not null);

    create table person (
      user_id text collate "C" not null primary key,
      tenant text collate "C" not null,
      principal_name bytea,
      display_name bytea,
      version bigint not null check (version > 0),
      json bytea not null
    );
    create index person_tenant on person (tenant, user_id);
    create index person_display_name on person (tenant, substring(display_name from 1 for \(Limits.orderTextBytesMax)), user_id);

    create table principal_name (
      tenant text collate "C" not null,
      folded bytea not null,
      user_id text collate "C" not null,
      primary key (tenant, folded)
    );
    create index principal_name_user on principal_name (user_id);

    create table item (
      user_id text collate "C" not null,
      collection text collate "C" not null,
      id text collate "C" not null,
      version bigint not null check (version > 0),
      audience bigint not null,
      created bigint not null,
      collapse_start bigint,
      collapse_end bigint,
      json bytea not null,
      listed text collate "C",
      listed_as bigint,
      primary key (user_id, collection, id)
    ) with (fillfactor = 80);
    create index item_created on item (user_id, collection, created, id);
    create index item_listed on item (user_id, listed) where listed is not null;
    create index item_beyond_tenant on item (user_id, collection)
      where audience & \(Audience.beyondTenant.rawValue) <> 0;

    create table directory_group (
      id text collate "C" not null primary key,
      tenant text collate "C" not null,
      version bigint not null check (version > 0),
      json bytea not null
    );
    create index directory_group_tenant on directory_group (tenant, id);

    create table membership (
      user_id text collate "C" not null,
      group_id text collate "C" not null,
      primary key (user_id, group_id)
    );
    create index membership_group on membership (group_id, user_id);

    create table record (
      user_id text collate "C" not null,
      tenant text collate "C" not null,
      position bigint not null,
      time bigint not null,
      kind bigint not null,
      collection text,
      item text,
      properties text not null,
      version_before bigint,
      version_after bigint,
      acting_user text,
      acting_app bytea,
      code bytea not null,
      primary key (user_id, tenant, position)
    );

    create table chain (
      user_id text collate "C" not null,
      tenant text collate "C" not null,
      length bigint not null,
      tip bytea not null,
      seal bytea not null,
      primary key (user_id, tenant)
    ) with (fillfactor = 80);

    create table receipt (
      key bytea not null primary key,
      body bytea not null,
      item text not null,
      expires bigint not null
    );
    create index receipt_expires on receipt (expires);
    """

  /// Whether a database is empty or older than this program.
  static func isToBeMigrated(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Bool {
    guard try isThere(connection) else { return true }
    return try connection.first("select version from facet_schema").map { $0.int64(0) < version } ?? false
  }

  private static func isThere(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Bool {
    try connection.first("select to_regclass('facet_schema') is not null and true")?.int64(0) == 1
  }

  /// Migrates a database that is empty or older, one server at a time. From then on an older server beside this one
  /// writes nothing. Throws `schema` when a newer program wrote the database.
  static func migrate(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try alone(connection) { () throws(PostgreSQLFailure) in
      if try !isThere(connection) { try begin(connection) }
      let found = try connection.first("select version from facet_schema")?.int64(0) ?? version
      guard found < version else { return }
      // Waits for the write of an older server that has already looked at the version; the next ones wait, and then see
      // the new version.
      try connection.execute("lock table facet_schema in access exclusive mode")
      for step in Step.allCases where step.rawValue > found { try step.run(connection) }
      try connection.execute("update facet_schema set version = \(version)")
    }
    try check(connection)
  }

  private static func begin(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try execute(tables, connection)
    try connection.execute("insert into facet_schema values (1)")
    for tenant in TenantID.builtIn {
      try connection.execute("insert into tenant values ('\(tenant.text)', 1, '{}')")
    }
  }

  /// Runs statements that are separated by semicolons.
  static func execute(_ statements: String, _ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    for statement in statements.split(separator: ";") where statement.contains(where: { !$0.isWhitespace }) {
      try connection.execute(String(statement))
    }
  }

  /// Runs `body` in one transaction, while no other server changes the form of the database.
  static func alone(
    _ connection: PostgreSQLConnection, _ body: () throws(PostgreSQLFailure) -> Void
  ) throws(PostgreSQLFailure) {
    try connection.execute("begin")
    do throws(PostgreSQLFailure) {
      try connection.execute("select pg_advisory_xact_lock(\(lock))")
      try body()
      try connection.execute("commit")
    } catch {
      try? connection.execute("rollback")
      throw error
    }
  }

  /// Throws `schema` when the database does not have the form of this program, since an older server beside a newer one
  /// must not write, or when its audit log was begun with another key.
  static func check(_ connection: PostgreSQLConnection, _ key: AuditKey? = nil) throws(PostgreSQLFailure) {
    let query = "select version, (select value from facet_key where name = 'record') from facet_schema"
    guard let row = try connection.first(query) else {
      throw .schema("The database holds no version of its form. Restore it from a backup.")
    }
    guard row.int64(0) == version else {
      throw .schema(
        row.int64(0) > version
          ? "The database was written by a newer version of Facet. Update this server."
          : "The database was written by an older version of Facet. Update it by starting one newer server alone.")
    }
    guard let key, row.bytes(1) != key.fingerprint else { return }
    throw .schema(AuditKey.foreignKeySentence)
  }
}
