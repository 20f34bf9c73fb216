import OData

/// The statements of the tables. In requests each is about one person.
extension PostgreSQLTables {
  static let begin = PostgreSQLStatement("begin", "begin")
  static let identify = PostgreSQLStatement(
    "identify", "select pg_current_xact_id()::text, (select version from facet_schema)")
  static let keepFile = PostgreSQLStatement(
    "keep_file",
    "insert into facet_key (name, value) values ($1::text, $2::bytea) on conflict (name) do nothing")
  static let lockTenant = PostgreSQLStatement(
    "lock_tenant", "select json from tenant where id = $1::text for update")
  static let commit = PostgreSQLStatement("commit", "commit")
  static let rollback = PostgreSQLStatement("rollback", "rollback")
  static let savepoint = PostgreSQLStatement("savepoint", "savepoint part")
  static let undoToSavepoint = PostgreSQLStatement("undo", "rollback to savepoint part")
  static let releaseSavepoint = PostgreSQLStatement("release", "release savepoint part")

  static let lockChains = PostgreSQLStatement(
    "lock_chains",
    """
    select tenant, length, tip, \(PostgreSQLChainOwners.columns) from chain where user_id = $1::text order by tenant
    for update
    """)
  static let lockChain = PostgreSQLStatement(
    "lock_chain", "select length, tip from chain where user_id = $1::text and tenant = $2::text for update")
  static let insertChain = PostgreSQLStatement(
    "insert_chain",
    "insert into chain (user_id, tenant, length, tip, seal) values ($1::text, $2::text, $3::bigint, $4::bytea, $5::bytea)"
  )
  static let updateChain = PostgreSQLStatement(
    "update_chain",
    """
    update chain set length = $3::bigint, tip = $4::bytea, seal = $5::bytea where user_id = $1::text and tenant = $2::text
    """)
  static let insertRow = PostgreSQLStatement(
    "insert_row",
    """
    insert into record (\(PostgreSQLColumns.change), position, code)
    values ($1::text, $2::text, $3::bigint, $4::bigint, $5::text, $6::text, $7::text, $8::bigint, $9::bigint, $10::text,
    $11::bytea, $12::bigint, $13::bytea)
    """)

  private static let isItem = "user_id = $1::text and collection = $2::text and id = $3::text"
  static let selectItem = PostgreSQLStatement(
    "select_item", "select \(PostgreSQLColumns.item) from item where \(isItem)")
  static let insertItem = PostgreSQLStatement(
    "insert_item",
    """
    insert into item (user_id, collection, id, \(PostgreSQLColumns.item), listed, listed_as)
    values ($1::text, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bytea,
    $10::text, $11::bigint)
    """)
  static let updateItem = PostgreSQLStatement(
    "update_item",
    """
    update item set version = $4::bigint, audience = $5::bigint, created = $6::bigint, collapse_start = $7::bigint,
    collapse_end = $8::bigint, json = $9::bytea, listed = $10::text, listed_as = $11::bigint where \(isItem)
    """)
  static let updateContent = PostgreSQLStatement(
    "update_item_content", "update item set version = $4::bigint, json = $5::bytea where \(isItem)")
  static let deleteItem = PostgreSQLStatement("delete_item", "delete from item where \(isItem)")
  static let selectUsage = PostgreSQLStatement("select_usage", usage("user_id = $1::text"))
  static let selectUsages = PostgreSQLStatement("select_usages", usage("user_id = any($1::text[])"))

  private static func usage(_ condition: String) -> String {
    """
    select user_id, collection, count(*)::bigint, sum(length(json))::bigint from item where \(condition)
    group by user_id, collection
    """
  }

  static let selectVersions = PostgreSQLStatement(
    "select_versions",
    "select collection, id, version, audience from item where user_id = $1::text order by collection, id")

  static let selectPerson = PostgreSQLStatement(
    "select_person", "select \(PostgreSQLColumns.person) from person where user_id = $1::text")
  static let selectTenantOfPerson = PostgreSQLStatement(
    "select_tenant_of", "select tenant from person where user_id = $1::text")
  static let insertPerson = PostgreSQLStatement(
    "insert_person",
    """
    insert into person (\(PostgreSQLColumns.person), principal_name_folded, display_name_folded)
    values ($1::text, $2::text, $3::bytea, $4::bytea, $5::bigint, $6::bytea, $7::bytea, $8::bytea)
    """)
  static let updatePerson = PostgreSQLStatement(
    "update_person",
    """
    update person set tenant = $2::text, principal_name = $3::bytea, display_name = $4::bytea, version = $5::bigint,
    json = $6::bytea, principal_name_folded = $7::bytea, display_name_folded = $8::bytea where user_id = $1::text
    """)
  static let deletePerson = PostgreSQLStatement("delete_person", "delete from person where user_id = $1::text")
  static let selectHolder = PostgreSQLStatement(
    "select_holder", "select user_id from principal_name where tenant = $1::text and folded = $2::bytea and shared = ''"
  )
  static let insertName = PostgreSQLStatement(
    "insert_name",
    "insert into principal_name (tenant, folded, shared, user_id) values ($1::text, $2::bytea, '', $3::text)")
  /// Lets the first of the others who have a name be found by it, once nobody is.
  static let passName = PostgreSQLStatement(
    "pass_name",
    """
    update principal_name set shared = '' where tenant = $1::text and folded = $2::bytea
    and shared = (select min(shared) from principal_name where tenant = $1::text and folded = $2::bytea)
    """)
  static let forgetName = PostgreSQLStatement(
    "forget_name",
    "delete from principal_name where tenant = $1::text and folded = $2::bytea and user_id = $3::text")

  static let selectGroup = PostgreSQLStatement(
    "select_group", "select \(PostgreSQLColumns.group) from directory_group where id = $1::text")
  static let putGroup = PostgreSQLStatement(
    "put_group",
    """
    insert into directory_group (\(PostgreSQLColumns.group)) values ($1::text, $2::text, $3::bigint, $4::bytea)
    on conflict (id) do update set tenant = excluded.tenant, version = excluded.version, json = excluded.json
    """)
  static let deleteGroup = PostgreSQLStatement("delete_group", "delete from directory_group where id = $1::text")

  static let putTenant = PostgreSQLStatement(
    "put_tenant",
    """
    insert into tenant (id, version, json) values ($1::text, 1, $2::bytea)
    on conflict (id) do update set version = tenant.version + 1, json = excluded.json
    """)
  static let addTenant = PostgreSQLStatement(
    "add_tenant", "insert into tenant (id, version, json) values ($1::text, 1, '{}'::bytea) on conflict (id) do nothing"
  )
  static let selectReceipt = PostgreSQLStatement(
    "select_receipt", "select body, item from receipt where key = $1::bytea and expires > $2::bigint")
  /// Fails when another server was faster with the same key; the creation is then tried again.
  static let insertReceipt = PostgreSQLStatement(
    "insert_receipt",
    "insert into receipt (key, body, item, expires) values ($1::bytea, $2::bytea, $3::text, $4::bigint)")
  static let forgetReceipt = PostgreSQLStatement(
    "forget_receipt", "delete from receipt where key = $1::bytea and expires <= $2::bigint")
  static let forgetAllReceipts = PostgreSQLStatement(
    "forget_all_receipts", "delete from receipt where expires <= $1::bigint")
  static let forgetReceipts = PostgreSQLStatement(
    "forget_receipts",
    """
    delete from receipt where key in
    (select key from receipt where expires <= $1::bigint order by expires limit \(Limits.receiptsForgottenMax)
    for update skip locked)
    """)
}
