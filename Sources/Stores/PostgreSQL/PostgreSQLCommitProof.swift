import OData
import Profiles

/// Evidence by which a new connection finds out whether a transaction was committed: a row that it appended to the audit log.
struct PostgreSQLCommitProof {
  /// The id of the transaction on the server that ran it. After a crash another transaction may get the same one, so it only
  /// tells whether it is under way.
  let transaction: String
  let owner: AuditChainOwner
  /// The end of a chain that the transaction wrote. Nobody else can have made its code.
  let chain: AuditChain

  /// What became of the transaction.
  enum Outcome: Equatable {
    case committed
    case notCommitted
    /// It may still be committed.
    case underWay
  }

  /// What became of the transaction. The connection must be to the server that ran it.
  ///
  /// The server that ran a transaction of several nodes may have committed it while another node has only prepared it: the row
  /// is not to be seen there yet, and is certain to appear. So a row that is not there is not enough. Inserting a row with its
  /// key waits for whatever transaction holds the key, on any node; only when nobody does, it will never appear.
  func outcome(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Outcome {
    let key: [PostgreSQLValue] = [.text(owner.user.text), .text(owner.tenant.text), .int(chain.length)]
    let answers = try connection.run([
      PostgreSQLQuery(Self.selectStatus, .text(transaction)), PostgreSQLQuery(Self.selectCode, values: key),
    ])
    guard answers.count == 2 else { throw .disconnected }
    let code = answers[1].first?.bytes(0)
    if code == chain.tip { return .committed }
    // The old server process may not have noticed yet that its client is gone.
    if answers[0].first?.optionalText(0) == "in progress" { return .underWay }
    // Another transaction has the place in the chain.
    if code != nil { return .notCommitted }
    return try isKeyFree(key, connection) ? .notCommitted : .underWay
  }

  /// Whether no transaction holds the key of the row.
  private func isKeyFree(
    _ key: [PostgreSQLValue], _ connection: PostgreSQLConnection
  ) throws(PostgreSQLFailure) -> Bool {
    do throws(PostgreSQLFailure) {
      let answers = try connection.run([
        PostgreSQLQuery(PostgreSQLTables.begin), PostgreSQLQuery(Self.limitWait),
        PostgreSQLQuery(Self.tryKey, values: key), PostgreSQLQuery(PostgreSQLTables.rollback),
      ])
      guard answers.count == 4 else { throw .disconnected }
      return answers[2].changes == 1
    } catch {
      guard error.isOfLock else { throw error }
      _ = try connection.run([PostgreSQLQuery(PostgreSQLTables.rollback)])
      return false
    }
  }

  static let selectCode = PostgreSQLStatement(
    "select_code",
    "select code from record where user_id = $1::text and tenant = $2::text and position = $3::bigint")
  static let selectStatus = PostgreSQLStatement("select_status", "select pg_xact_status($1::text::xid8)")
  /// A shard of another node is waited for until the connection gives up.
  static let limitWait = PostgreSQLStatement("limit_wait", "set local lock_timeout = '200ms'")
  static let tryKey = PostgreSQLStatement(
    "try_row_key",
    """
    insert into record (user_id, tenant, position, time, kind, properties, code)
    values ($1::text, $2::text, $3::bigint, 0, 0, '', '') on conflict (user_id, tenant, position) do nothing
    """)
}
