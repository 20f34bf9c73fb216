import OData
import Profiles

/// Finds the items of a collection that a viewer may see, and nothing else, by the index of each flag that admits the
/// viewer. The owner sees by all of them and by that of the items for nobody else. An item that several flags admit
/// appears once. Belongs to one connection and its thread.
final class SQLiteVisibleItems {
  private let selectKeys, countKeys, selectRow: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    selectKeys = try connection.prepare(
      "\(Self.keys { "\($0) and (created, id) > (?4, ?5)" }) order by created, id limit ?3")
    countKeys = try connection.prepare("select count(*) from (\(Self.keys { $0 }))")
    selectRow = try connection.prepare("select id, \(SQLiteColumns.item) from profile where key = ?")
  }

  /// The bit of the items that only their owner sees, beside the flags of `Audience`.
  private static let ownerOnly = Audience.all.rawValue + 1

  /// The statement that finds keys at the place `?1` by the indexes whose bits are in `?2`: each part is empty without
  /// its bit. SQLite merges the parts in their order, and drops what comes twice.
  private static func keys(_ complete: (String) -> String) -> String {
    let parts =
      [(ownerOnly, SQLiteProfileKey.isForOwnerOnly)] + Audience.flags.map { ($0.rawValue, SQLiteProfileKey.isFor($0)) }
    return parts.map { bit, condition in
      let part = "\(SQLiteProfileKey.place) = ?1 and \(condition) and ?2 & \(bit) != 0"
      return "select created, id, key from profile where \(complete(part))"
    }.joined(separator: " union ")
  }

  private static func mask(_ audiences: Audience?) -> Int64 { audiences?.rawValue ?? ownerOnly | Audience.all.rawValue }

  /// One page of a collection in the default order, after `position`. `audiences` are the flags that admit the viewer;
  /// nil stands for the owner.
  func page(
    of user: UserID, _ collection: String, at place: Int64, audiences: Audience?, after position: ItemPosition?,
    limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredItem> {
    let id = position.map { SQLiteIdentifier($0.id.text) } ?? .text("")
    try selectKeys.bind(place, Self.mask(audiences), limit + 1, position?.created.ticks ?? .min, id)
    var keys = try selectKeys.all { row throws(SQLiteFailure) in row.int64(2) }
    let hasMore = keys.count > limit
    if hasMore { keys.removeLast() }
    var items: [StoredItem] = []
    items.reserveCapacity(keys.count)
    var bytes = 0
    for key in keys {
      guard bytes < Limits.pageBytesMax else { return StoredPage(items, isLast: false) }
      let item = try item(key, of: user, collection)
      bytes += item.json.count
      items.append(item)
    }
    return StoredPage(items, isLast: !hasMore)
  }

  private func item(_ key: Int64, of user: UserID, _ collection: String) throws(SQLiteFailure) -> StoredItem {
    try selectRow.bind(key)
    let item = try selectRow.first { row throws(SQLiteFailure) in
      try row.item(ItemKey(user: user, collection: collection, id: try row.itemID(0)), from: 1)
    }
    guard let item else { throw .row(DamagedRow.item) }
    return item
  }

  /// The number of items that flags admit.
  func count(at place: Int64, audiences: Audience) throws(SQLiteFailure) -> Int {
    try countKeys.bind(place, audiences.rawValue)
    return try countKeys.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }
}
