import OData
import Profiles

/// The two tables of memberships: `membership` lies with the person and decides what they see, `group_member` lies with the
/// group and lists its people. Where the tables are spread over nodes, a person's node commits first: `group_member` may be
/// behind it, so that nothing that decides access is read from there.
///
/// A row of `group_member` with an empty person stands for the group itself. Who adds members shares it until the commit, and
/// who deletes the group takes it, so that nobody becomes a member of a group that is being deleted.
enum PostgreSQLMemberTable {
  // MARK: By person

  static let select = PostgreSQLStatement(
    "select_member", "select 1::bigint from membership where user_id = $1::text and group_id = $2::text")
  static let count = PostgreSQLStatement(
    "count_memberships", "select count(*)::bigint from membership where user_id = $1::text")
  static let selectGroups = PostgreSQLStatement(
    "select_group_ids", "select group_id from membership where user_id = $1::text order by group_id")
  static let insert = PostgreSQLStatement(
    "insert_member", "insert into membership (user_id, group_id) values ($1::text, $2::text)")
  static let delete = PostgreSQLStatement(
    "delete_member", "delete from membership where user_id = $1::text and group_id = $2::text")
  /// A membership in a group that is left to one of several people.
  static let selectLeft = PostgreSQLStatement(
    "select_left_member",
    "select 1::bigint from membership where user_id = any($1::text[]) and group_id = $2::text limit 1")

  // MARK: By group

  static let selectPeople = PostgreSQLStatement(
    "select_member_ids", "select user_id from group_member where group_id = $1::text and user_id <> '' order by user_id"
  )
  static let insertListed = PostgreSQLStatement(
    "insert_listed_member", "insert into group_member (group_id, user_id) values ($2::text, $1::text)")
  static let deleteListed = PostgreSQLStatement(
    "delete_listed_member", "delete from group_member where group_id = $2::text and user_id = $1::text")
  static let deleteAllListed = PostgreSQLStatement(
    "delete_members", "delete from group_member where group_id = $1::text")
  /// Keeps the deletion of a group out; no row when there is no such group.
  static let hold = PostgreSQLStatement(
    "hold_group", "select 1::bigint from group_member where group_id = $1::text and user_id = '' for share")
  /// Waits for those who hold a group, and keeps others out.
  static let take = PostgreSQLStatement(
    "take_group", "select 1::bigint from group_member where group_id = $1::text and user_id = '' for update")

  // MARK: The form of the tables

  private static let table = """
    create table group_member (
      group_id text collate "C" not null,
      user_id text collate "C" not null,
      primary key (group_id, user_id)
    );
    insert into group_member (group_id, user_id) select group_id, user_id from membership;
    insert into group_member (group_id, user_id) select id, '' from directory_group;
    drop index membership_group
    """

  /// Adds the table by group, which takes the place of an index, to a database that has none. Where the other tables are
  /// spread over nodes, every node had all memberships until now.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    let isDistributed = try PostgreSQLDistribution.isDone(connection)
    if isDistributed { try connection.execute("select undistribute_table('membership')") }
    try PostgreSQLSchema.execute(table, connection)
    guard isDistributed else { return }
    for statement in PostgreSQLDistribution.statements(for: ["membership", "group_member"]) {
      try connection.execute(statement)
    }
  }
}
