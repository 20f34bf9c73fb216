import OData
import Profiles

/// Copies the items of people, in the order of their ids.
final class SQLiteItemsCopy {
  /// A row of the new database.
  struct Item {
    let key: SQLiteProfileKey
    let id: SQLiteIdentifier
    let version, created: Int64
    let collapseStart, collapseEnd: Int64?
    let json: [UInt8]
    let listed: String?
    let listedAs: Int64?
  }

  private let collections: SQLiteNumberTable
  private let rows: SQLitePersonRows
  private let insert: SQLiteStatement

  /// Reads the items of the people after `last`; nil stands for all.
  init(_ copy: SQLiteLayoutCopy, _ names: SQLiteLayoutNames, after last: String?) throws(SQLiteFailure) {
    collections = names.collections
    rows = try SQLitePersonRows(
      copy.old,
      """
      user, collection, id, version, audience, created, collapse_start, collapse_end, json, listed, listed_as from item
      """, order: ", collection, id", after: last)
    insert = try copy.new.prepare(
      """
      insert into profile (key, id, version, created, collapse_start, collapse_end, json, listed, listed_as)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
  }

  /// The person whose item comes next; nil after the last one.
  var person: String? { rows.person }

  /// Reads the items of a person, if the next item is theirs, and counts them in `state`.
  func read(
    of person: String, _ number: Int64, _ state: inout SQLitePersonState
  ) throws(SQLiteFailure) -> [Item] {
    var items: [Item] = []
    let user = UserID(person)
    var collection: (name: String, number: Int64, slots: [Int64]) = ("", 0, [])
    while rows.isAt(person) {
      if items.isEmpty || !rows.row.isText(1, collection.name) {
        let name = rows.row.text(1)
        collection = (
          name, try collections.number(of: name), Array(repeating: 0, count: Int(Audience.all.rawValue) + 1)
        )
      }
      // Other bits never admitted anybody.
      let audience = Audience(rawValue: rows.row.int64(4)).intersection(.all)
      let slot = collection.slots[Int(audience.rawValue)]
      guard slot <= SQLiteProfileKey.slotMax else { throw .row("A collection holds more items than its bound.") }
      collection.slots[Int(audience.rawValue)] += 1
      let key = SQLiteProfileKey(person: number, collection: collection.number, audience: audience, slot: slot)
      items.append(item(key, user, collection.name, &state))
      try rows.advance()
    }
    return items.sorted { $0.key.number < $1.key.number }
  }

  private func item(
    _ key: SQLiteProfileKey, _ user: UserID?, _ collection: String, _ state: inout SQLitePersonState
  ) -> Item {
    let row = rows.row
    let (id, json) = (row.text(2), row.bytes(8))
    let identifier = SQLiteIdentifier(id)
    state.add(1, to: key.collection)
    state.bytes += json.count
    return Item(
      key: key, id: identifier, version: row.int64(3), created: row.int64(5), collapseStart: row.optionalInt64(6),
      collapseEnd: row.optionalInt64(7), json: SQLiteEntityJSON.stored(json, identifier, id),
      listed: row.optionalText(9), listedAs: row.optionalInt64(10))
  }

  /// Writes the items of a person, in the order of their keys.
  func write(_ items: [Item]) throws(SQLiteFailure) {
    for item in items {
      try insert.bind(
        item.key.number, item.id, item.version, item.created, item.collapseStart, item.collapseEnd, item.json,
        item.listed, item.listedAs)
      try insert.run()
    }
  }
}
