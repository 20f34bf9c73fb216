import OData
import Profiles

/// Receipts of creations, by which a repeated one is known.
extension PostgreSQLTables {
  func known(_ receipt: IdempotencyReceipt) throws(PostgreSQLFailure) -> (body: [UInt8], id: String)? {
    try read(Self.selectReceipt, .bytes(receipt.key), .int(receipt.time.ticks)).first.map { ($0.bytes(0), $0.text(1)) }
  }

  func keep(_ receipt: IdempotencyReceipt, of id: String) {
    write(Self.forgetReceipt, .bytes(receipt.key), .int(receipt.time.ticks))
    write(Self.insertReceipt, .bytes(receipt.key), .bytes(receipt.body), .text(id), .int(receipt.expires.ticks))
    lastReceiptTime = receipt.time
    // Expired receipts lie on every node.
    if !isDistributed { write(Self.forgetReceipts, .int(receipt.time.ticks)) }
  }

  /// The time of the last receipt that was stored since the last call; nil when there was none.
  func takeLastReceiptTime() -> DateTimeOffset? {
    defer { lastReceiptTime = nil }
    return lastReceiptTime
  }
}
