import OData
import Profiles

/// Finds the items of a collection that a viewer may see, and nothing else, by the index of each flag that admits the
/// viewer. The owner sees by all of them and by that of the items for nobody else. An item that several flags admit
/// appears once. Belongs to one connection and its thread.
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

  /// The items of one index in the default order, row by row.
  private final class Branch {
    let bit: Int64
    let statement: SQLiteStatement
    /// What the current row is compared by.
    private(set) var place = (created: Int64.min, key: Int64.min)

    init(_ connection: SQLiteConnection, _ bit: Int64, _ condition: String) throws(SQLiteFailure) {
      self.bit = bit
      statement = try connection.prepare(
        """
        select id, \(SQLiteColumns.item) from profile where \(SQLiteProfileKey.place) = ?1 and \(condition)
        and (created, id) > (?2, ?3) order by created, id limit ?4
        """)
    }

    /// Steps to the next row; false after the last one.
    func advance() throws(SQLiteFailure) -> Bool {
      guard try statement.next() else { return false }
      place = (statement.int64(3), statement.int64(1))
      return true
    }

    /// Whether the current row comes before that of another branch. Equal rows are one item.
    func precedes(_ other: Branch) -> Bool {
      guard place.created == other.place.created else { return place.created < other.place.created }
      guard place.key != other.place.key else { return false }
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
    var open: [Branch] = []
    defer { for branch in branches where branch.bit & mask != 0 { branch.statement.reset() } }
    let id = position.map { SQLiteIdentifier($0.id.text) } ?? .text("")
    for branch in branches where branch.bit & mask != 0 {
      try branch.statement.bind(place, position?.created.ticks ?? .min, id, limit + 1)
      if try branch.advance() { open.append(branch) }
    }
    var (items, bytes): ([StoredItem], Int) = ([], 0)
    while let first = open.min(by: { $0.precedes($1) }) {
      guard items.count < limit, bytes < Limits.pageBytesMax else { return StoredPage(items, isLast: false) }
      let item = try first.statement.row { row throws(SQLiteFailure) in
        try row.item(ItemKey(user: user, collection: collection, id: try row.itemID(0)), from: 1)
      }
      bytes += item.json.count
      items.append(item)
      try Self.advance(&open, past: first.place.key)
    }
    return StoredPage(items, isLast: true)
  }

  /// Steps every branch that stands at an item, and drops those that end.
  private static func advance(_ open: inout [Branch], past key: Int64) throws(SQLiteFailure) {
    for index in open.indices.reversed() where open[index].place.key == key {
      if try !open[index].advance() { open.remove(at: index) }
    }
  }

  // MARK: Counts

  /// The number of items that flags admit.
  func count(at place: Int64, audiences: Audience) throws(SQLiteFailure) -> Int {
    try countKeys.bind(place, audiences.rawValue)
    return try countKeys.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }
}
