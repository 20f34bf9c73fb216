import OData
import Profiles

/// The table of mail addresses.
///
/// One row of an address has an empty `shared`, which makes addresses unique whichever server writes. People who have
/// shared an address since before addresses were unique keep it in further rows, with their id in `shared`, until they
/// change it.
enum PostgreSQLMailTable {
  static let selectHolder = PostgreSQLStatement(
    "select_mail_holder",
    """
    select 1::bigint from mail_address where tenant = $1::text and folded = $2::bytea and user_id <> $3::text limit 1
    """)
  static let insert = PostgreSQLStatement(
    "insert_mail",
    "insert into mail_address (tenant, folded, shared, user_id) values ($1::text, $2::bytea, '', $3::text)")
  static let selectNoted = PostgreSQLStatement(
    "select_noted_mail", "select folded from mail_address where user_id = $1::text")
  static let forget = PostgreSQLStatement(
    "forget_mail",
    "delete from mail_address where tenant = $1::text and folded = $2::bytea and user_id = $3::text")

  // MARK: The form of the table

  private static let table = """
    create table mail_address (
      tenant text collate "C" not null,
      folded bytea not null,
      shared text collate "C" not null,
      user_id text collate "C" not null,
      primary key (tenant, folded, shared)
    );
    create index mail_address_user on mail_address (user_id);
    """

  /// Adds the table to a database that has none, spread over nodes where the others are, and fills it with the
  /// addresses of all people.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try PostgreSQLSchema.execute(table, connection)
    if try PostgreSQLDistribution.isDone(connection) {
      try connection.execute("select create_distributed_table('mail_address', 'folded', colocate_with => 'none')")
    }
    try fill(connection)
  }

  /// Fills the table. Of several people who share an address, the first by id is its holder.
  private static func fill(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    var last = ""
    while true {
      let rows = try connection.rows(people, .text(last))
      guard let end = rows.rows.last.map(PostgreSQLRow.init) else { return }
      last = end.text(0)
      var noted: [[PostgreSQLValue]] = []
      for person in try rows.map({ row throws(PostgreSQLFailure) in try row.person() }) {
        guard let folded = person.foldedMail else { continue }
        noted.append([.text(person.tenant.text), .bytes(Array(folded.utf8)), .text(person.id.text)])
      }
      guard !noted.isEmpty else { continue }
      let answers = try connection.run(noted.map { PostgreSQLQuery(hold, values: $0) })
      let sharing = zip(noted, answers).filter { $0.1.rows.isEmpty }.map(\.0)
      guard !sharing.isEmpty else { continue }
      _ = try connection.run(sharing.map { PostgreSQLQuery(share, values: $0) })
    }
  }

  private static let people = PostgreSQLStatement(
    "",
    """
    select \(PostgreSQLColumns.person) from person where user_id > $1::text order by user_id limit 500
    """)
  private static let hold = PostgreSQLStatement(
    "",
    """
    insert into mail_address (tenant, folded, shared, user_id) values ($1::text, $2::bytea, '', $3::text)
    on conflict (tenant, folded, shared) do nothing returning 1::bigint
    """)
  private static let share = PostgreSQLStatement(
    "", "insert into mail_address (tenant, folded, shared, user_id) values ($1::text, $2::bytea, $3::text, $3::text)")
}
