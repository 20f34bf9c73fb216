import Profiles

/// The links of groups, in a column of the groups that every node has.
enum PostgreSQLGroupLinks {
  static let select = PostgreSQLStatement(
    "select_links", "select id, tenant, links from directory_group where id = any($1::text[])")
  static let selectOwned = PostgreSQLStatement(
    "select_owned_groups",
    """
    select id, tenant, links from directory_group where tenant = $1::text and position($2::bytea in links) > 0
    """)
  static let selectAll = PostgreSQLStatement("check_links", "select id, tenant, links from directory_group")
  static let update = PostgreSQLStatement(
    "update_links", "update directory_group set links = $2::bytea where id = $1::text")

  /// The query for the links of groups.
  static func query(_ groups: [GroupID]) -> PostgreSQLQuery { PostgreSQLQuery(select, .texts(groups.map(\.text))) }

  /// Reads the rows of `select`.
  static func read(_ rows: PostgreSQLRows) throws(PostgreSQLFailure) -> [GroupID: LinkedGroup] {
    var found: [GroupID: LinkedGroup] = [:]
    for row in rows.rows.map(PostgreSQLRow.init) {
      guard let links = GroupLinks(json: row.bytes(2)) else { throw .row(DamagedRow.group) }
      found[try row.groupID(0)] = LinkedGroup(tenant: try row.tenantID(1), links: links)
    }
    return found
  }

  /// Adds the column.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try connection.execute("alter table directory_group add column links bytea")
  }
}
