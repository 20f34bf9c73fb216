/// What each connection of a store is made and used with.
struct PostgreSQLAccess: Sendable {
  let options: PostgreSQLOptions
  /// The key of the audit log.
  let key: AuditKey
  /// Which node holds which rows.
  let shards: PostgreSQLShards
  /// When expired receipts are deleted from a distributed database.
  let receiptExpiry = PostgreSQLReceiptExpiry()
}
