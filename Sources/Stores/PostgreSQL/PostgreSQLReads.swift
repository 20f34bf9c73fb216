import OData
import Profiles

/// The connection that reads share, and the settings of tenants that are cached on it.
struct PostgreSQLReads {
  let connection: PostgreSQLConnection
  let relations: PostgreSQLOwnerRelations

  /// Reads on a connection, with its cache of settings.
  init(_ connection: PostgreSQLConnection, _ relations: PostgreSQLOwnerRelations) {
    self.connection = connection
    self.relations = relations
  }

  /// Runs one read by itself.
  func answer<Answer>(_ request: PostgreSQLReadRequest<Answer>) throws(PostgreSQLFailure) -> Answer {
    try request.answer(self, try connection.run(request.queries))
  }

  /// The owner of a row that was read.
  func owner(
    _ row: PostgreSQLOwnerRelations.OwnerRow, _ user: UserID, _ authorization: AuthorizationContext
  ) throws(PostgreSQLFailure) -> ItemOwner {
    try relations.owner(row, user, authorization) { tenant throws(PostgreSQLFailure) in
      try connection.rows(PostgreSQLOwnerRelations.selectTenant, .text(tenant.text)).first
    }
  }
}

// MARK: Statements

extension PostgreSQLReads {
  static let selectItem = PostgreSQLStatement("read_item", item(PostgreSQLOwnerRelations.columns(viewer: "$4::text")))
  static let selectPlainItem = PostgreSQLStatement("read_plain_item", item(PostgreSQLOwnerRelations.plainColumns))

  private static func item(_ ownerColumns: String) -> String {
    """
    select \(PostgreSQLColumns.of("i", PostgreSQLColumns.item)), \(ownerColumns)
    from person p join item i on i.user_id = p.user_id
    where p.user_id = $1::text and i.user_id = $1::text and i.collection = $2::text and i.id = $3::text
    """
  }

  static let selectItems = PostgreSQLStatement(
    "read_items",
    """
    select id, \(PostgreSQLColumns.item) from item where user_id = $1::text and collection = $2::text
    and ($3::bigint = -1 or audience & $3::bigint <> 0) and (created, id) > ($4::bigint, $5::text)
    order by created, id limit $6::bigint
    """)
  static let countItems = PostgreSQLStatement(
    "count_items",
    """
    select count(*)::bigint from item where user_id = $1::text and collection = $2::text
    and ($3::bigint = -1 or audience & $3::bigint <> 0)
    """)
  static let selectBeyondTenant = PostgreSQLStatement(
    "read_beyond_tenant",
    """
    select collection, bit_or(audience)::bigint from item
    where user_id = $1::text and audience & \(Audience.beyondTenant.rawValue) <> 0 group by collection
    """)
  static let countUsers = PostgreSQLStatement(
    "count_people", "select count(*)::bigint from person where tenant = $1::text")
  static let selectGroups = PostgreSQLStatement(
    "read_groups",
    """
    select \(PostgreSQLColumns.group) from directory_group where tenant = $1::text and id > $2::text
    order by id limit $3::bigint
    """)
  static let countGroups = PostgreSQLStatement(
    "count_groups", "select count(*)::bigint from directory_group where tenant = $1::text")
  static let selectMemberships = PostgreSQLStatement(
    "read_memberships",
    """
    select \(PostgreSQLColumns.of("g", PostgreSQLColumns.group)) from membership m
    join directory_group g on g.id = m.group_id where m.user_id = $1::text and m.group_id > $2::text
    order by m.group_id limit $3::bigint
    """)
  static let selectMembers = PostgreSQLStatement(
    "read_members",
    """
    select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from membership m
    join person p on p.user_id = m.user_id where m.group_id = $1::text and m.user_id > $2::text
    order by m.user_id limit $3::bigint
    """)
  static let countMembers = PostgreSQLStatement(
    "count_members", "select count(*)::bigint from membership where group_id = $1::text")
  static let selectMember = PostgreSQLStatement(
    "read_member",
    """
    select 1::bigint from membership m join directory_group g on g.id = m.group_id
    join person p on p.user_id = m.user_id
    where m.user_id = $1::text and m.group_id = $2::text and g.tenant = $3::text and p.tenant = $3::text
    """)
  static let selectChanges = PostgreSQLStatement(
    "read_changes",
    """
    select \(PostgreSQLColumns.change), position from record
    where user_id = $1::text and tenant = $2::text and position <= $3::bigint order by position desc limit $4::bigint
    """)
  static let countChanges = PostgreSQLStatement(
    "count_changes", "select coalesce(max(length), 0)::bigint from chain where user_id = $1::text and tenant = $2::text"
  )
}
