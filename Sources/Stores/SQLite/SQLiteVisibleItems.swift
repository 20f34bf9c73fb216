import OData
import Profiles

/// Finds the items of a collection that a viewer may see, without touching others: it reads the index of each flag of
/// `Audience` that admits the viewer. For the owner it reads all of these indexes, and that of the items that nobody
/// else may see. An item that several flags admit appears once. Belongs to one connection and its thread.
final class SQLiteVisibleItems {
  private let branches: [Branch]
  private let countKeys: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    var branches: [Branch] = []
    for (bit, condition) in Self.indexes { branches.append(try Branch(connection, bit, condition)) }
    self.branches = branches
    let keys = Self.indexes.map { bit, condition in
      "select key from profile where \(SQLiteProfileKey.place) = ?1 and \(condition) and ?2 & \(bit) != 0"
    }
    countKeys = try connection.prepare("select count(*) from (\(keys.joined(separator: " union ")))")
  }

  /// The bit of the items that only their owner sees, beside the flags of `Audience`.
  private static let ownerOnly = Audience.all.rawValue + 1

  /// The condition of each index, with the bit by which it is chosen.
  private static let indexes =
    [(ownerOnly, SQLiteProfileKey.isForOwnerOnly)] + Audience.flags.map { ($0.rawValue, SQLiteProfileKey.isFor($0)) }

  // MARK: Pages

  /// The items of one index in the default order.
  private struct Branch {
    let bit: Int64
    let statement: SQLiteStatement

    init(_ connection: SQLiteConnection, _ bit: Int64, _ condition: String) throws(SQLiteFailure) {
      self.bit = bit
      statement = try connection.prepare(
        """
        select id, \(SQLiteColumns.item) from profile where \(SQLiteProfileKey.place) = ?1 and \(condition)
        and (created, id) > (?2, ?3) order by created, id limit ?4
        """)
    }
  }

  /// The current row of a branch. A structure, because reading properties of a class costs a check of exclusive access
  /// for each row.
  private struct Row {
    let statement: SQLiteStatement
    let created, key: Int64

    /// Steps to the next row; nil after the last one.
    init?(next statement: SQLiteStatement) throws(SQLiteFailure) {
      guard try statement.next() else { return nil }
      self.statement = statement
      (created, key) = (statement.int64(3), statement.int64(1))
    }

    /// Whether this row comes before that of another branch. Rows with the same key are the same item, and neither
    /// comes first.
    func precedes(_ other: Row) -> Bool {
      guard created == other.created else { return created < other.created }
      guard key != other.key else { return false }
      return SQLiteIdentifier(column: 0, of: statement) < SQLiteIdentifier(column: 0, of: other.statement)
    }
  }

  /// One page of a collection in the default order, after `position`. `audiences` are the flags that admit the viewer;
  /// nil stands for the owner.
  func page(
    of user: UserID, _ collection: String, at place: Int64, audiences: Audience?, after position: ItemPosition?,
    limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredItem> {
    let mask = audiences?.rawValue ?? Self.ownerOnly | Audience.all.rawValue
    var open: [Row] = []
    defer { for branch in branches where branch.bit & mask != 0 { branch.statement.reset() } }
    let id = position.map { SQLiteIdentifier($0.id.text) } ?? .text("")
    for branch in branches where branch.bit & mask != 0 {
      try branch.statement.bind(place, position?.created.ticks ?? .min, id, limit + 1)
      if let row = try Row(next: branch.statement) { open.append(row) }
    }
    var (items, bytes): ([StoredItem], Int) = ([], 0)
    while let first = open.min(by: { $0.precedes($1) }) {
      guard items.count < limit, bytes < Limits.pageBytesMax else { return StoredPage(items, isLast: false) }
      let item = try first.statement.row { row throws(SQLiteFailure) in
        try row.item(ItemKey(user: user, collection: collection, id: try row.itemID(0)), from: 1)
      }
      bytes += item.json.count
      items.append(item)
      try Self.advance(&open, past: first.key)
    }
    return StoredPage(items, isLast: true)
  }

  /// Steps every branch whose current row is this item, and removes those that have no further row.
  private static func advance(_ open: inout [Row], past key: Int64) throws(SQLiteFailure) {
    for index in open.indices.reversed() where open[index].key == key {
      if let row = try Row(next: open[index].statement) { open[index] = row } else { open.remove(at: index) }
    }
  }

  // MARK: Counts

  /// The number of items that at least one of these flags admits.
  func count(at place: Int64, audiences: Audience) throws(SQLiteFailure) -> Int {
    try countKeys.bind(place, audiences.rawValue)
    return try countKeys.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }
}
