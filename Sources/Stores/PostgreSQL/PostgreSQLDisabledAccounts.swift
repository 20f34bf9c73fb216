import OData
import Profiles

/// The table of the accounts that are disabled. Every node has all of it, so that a read or write of an item, on the node
/// of its owner, learns in the same round trip whether the account of the caller is disabled.
enum PostgreSQLDisabledAccounts {
  static let select = PostgreSQLStatement(
    "select_disabled_account",
    "select 1::bigint from disabled_account where user_id = $1::text and tenant = $2::text")
  static let selectAll = PostgreSQLStatement(
    "select_disabled_accounts", "select user_id, tenant from disabled_account where user_id = any($1::text[])")
  static let insert = PostgreSQLStatement(
    "insert_disabled_account",
    "insert into disabled_account (user_id, tenant) values ($1::text, $2::text) on conflict (user_id) do nothing")
  static let delete = PostgreSQLStatement(
    "delete_disabled_account", "delete from disabled_account where user_id = $1::text")

  /// The query for one account.
  static func query(_ account: TenantUser) -> PostgreSQLQuery {
    PostgreSQLQuery(select, .text(account.user.text), .text(account.tenant.text))
  }

  /// The query for all of several accounts; none for no account.
  static func queries(_ accounts: Set<TenantUser>) -> [PostgreSQLQuery] {
    guard !accounts.isEmpty else { return [] }
    return [PostgreSQLQuery(selectAll, .texts(accounts.map(\.user.text)))]
  }

  /// Which of these accounts are disabled, by the answer to their query.
  static func answer(
    _ rows: PostgreSQLRows?, _ accounts: Set<TenantUser>
  ) throws(PostgreSQLFailure) -> [TenantUser: Bool] {
    var isDisabled = Dictionary(uniqueKeysWithValues: accounts.map { ($0, false) })
    for row in rows?.rows.map(PostgreSQLRow.init) ?? [] {
      isDisabled[TenantUser(user: try row.userID(0), tenant: try row.tenantID(1))] = true
    }
    return isDisabled
  }

  // MARK: The form of the table

  private static let table = """
    create table disabled_account (
      user_id text collate "C" not null primary key,
      tenant text collate "C" not null
    );
    insert into disabled_account (user_id, tenant) select user_id, tenant from person
      where position(convert_to('"accountEnabled":false', 'UTF8') in json) > 0;
    """

  /// Adds the table to a database that has none, on every node where the others are spread over nodes.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try PostgreSQLSchema.execute(table, connection)
    guard try PostgreSQLDistribution.isDone(connection) else { return }
    for statement in PostgreSQLDistribution.statements(for: ["disabled_account"]) { try connection.execute(statement) }
  }
}

/// Writes.
extension PostgreSQLTables {
  /// The accounts of the callers of a group of writes were read ahead.
  func isDisabled(_ account: TenantUser) throws(PostgreSQLFailure) -> Bool {
    if let known = accounts[account] { return known }
    let found = try read(PostgreSQLDisabledAccounts.select, .text(account.user.text), .text(account.tenant.text))
    accounts[account] = !found.rows.isEmpty
    return !found.rows.isEmpty
  }

  func note(_ user: StoredUser, isDisabled: Bool) {
    accounts = [:]
    if isDisabled {
      write(PostgreSQLDisabledAccounts.insert, .text(user.id.text), .text(user.tenant.text))
    } else {
      write(PostgreSQLDisabledAccounts.delete, .text(user.id.text))
    }
  }
}

/// Reads.
extension PostgreSQLReadRequest {
  /// The same read, which fails with `accountDisabled` where the account of the caller is disabled. The first round trip
  /// tells.
  func checking(_ account: TenantUser?) -> Self {
    guard let account else { return self }
    let query = PostgreSQLDisabledAccounts.query(account)
    func checked(_ trip: PostgreSQLTrip<Answer>) -> PostgreSQLTrip<Answer> {
      PostgreSQLTrip(trip.queries + [query]) { reads, rows throws(PostgreSQLFailure) in
        guard rows.last?.rows.isEmpty == true else { throw .accountDisabled }
        return try trip.step(reads, Array(rows.dropLast()))
      }
    }
    return Self(at: place, checked(trip), ofOneMoment: ofOneMoment.map(checked))
  }

  /// See `ProfileReader.isDisabled`.
  static func isDisabled(_ account: TenantUser) -> Self where Answer == Bool {
    Self(at: .person(account.user), [PostgreSQLDisabledAccounts.query(account)]) { _, rows in !rows[0].rows.isEmpty }
  }
}
