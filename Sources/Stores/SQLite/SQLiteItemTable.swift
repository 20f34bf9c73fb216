import OData
import Profiles

/// The statements that write items, inside the open transaction. They keep the state of the person, how much that holds,
/// in step with the items.
final class SQLiteItemTable {
  /// A row as it is before it is replaced.
  private struct Row {
    let key: SQLiteProfileKey
    let version: Version
    let created: Int64
    /// The size of its JSON, in bytes.
    let bytes: Int
    let isListing: Bool
  }

  private let names: SQLiteNames
  private let people: SQLitePersonStates
  private let selectItem, selectRow, selectLast, selectGap, selectVersions: SQLiteStatement
  private let updateContent, updateAll, insertItem, deleteRow: SQLiteStatement

  /// Prepares every statement.
  init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ people: SQLitePersonStates
  ) throws(SQLiteFailure) {
    self.names = names
    self.people = people
    let isItem = "\(SQLiteProfileKey.place) = ? and id = ?"
    selectItem = try connection.prepare("select \(SQLiteColumns.item) from profile where \(isItem)")
    selectRow = try connection.prepare(
      "select key, version, created, \(SQLiteItemJSON.size), listed is not null from profile where \(isItem)")
    selectLast = try connection.prepare("select key from profile where key between ? and ? order by key desc limit 1")
    selectGap = try connection.prepare(
      """
      select key + 1 from profile p where key between ?1 and ?2
      and not exists (select 1 from profile n where n.key = p.key + 1) limit 1
      """)
    selectVersions = try connection.prepare("select key, id, version from profile where key > ? and key <= ?")
    // It leaves alone what the indexes hold, and with it the indexes.
    updateContent = try connection.prepare(
      "update profile set version = ?, collapse_start = ?, collapse_end = ?, json = ? where key = ?")
    let columns =
      "version = ?, collapse_start = ?, collapse_end = ?, json = ?, key = ?, created = ?, listed = ?, listed_as = ?"
    updateAll = try connection.prepare("update profile set \(columns) where key = ?")
    insertItem = try connection.prepare(
      """
      insert into profile (id, version, collapse_start, collapse_end, json, key, created, listed, listed_as)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    deleteRow = try connection.prepare("delete from profile where key = ?")
  }

  // MARK: Reading

  /// An item of the person with a number; nil when there is none.
  func item(_ key: ItemKey, of number: Int64) throws(SQLiteFailure) -> StoredItem? {
    let place = SQLiteProfileKey.place(number, try names.number(ofCollection: key.collection))
    try selectItem.bind(place, SQLiteIdentifier(key.id.text))
    return try selectItem.first { row throws(SQLiteFailure) in try row.item(key, from: 0) }
  }

  /// The keys of the items of a person with versions and audiences, in the order of collection and id.
  func versions(of user: UserID) throws(SQLiteFailure) -> [(ItemKey, Version, Audience)] {
    guard let number = try people.number(of: user) else { return [] }
    let range = SQLiteProfileKey.all(of: number)
    try selectVersions.bind(range.lowerBound, range.upperBound)
    let found = try selectVersions.all { row throws(SQLiteFailure) in
      let key = SQLiteProfileKey(row.int64(0))
      let item = ItemKey(user: user, collection: try names.collection(key.collection), id: try row.itemID(1))
      return (item, Version(number: row.int64(2)), key.audience)
    }
    return found.sorted { left, right in
      left.0.collection == right.0.collection
        ? left.0.id.text.utf8.lexicographicallyPrecedes(right.0.id.text.utf8)
        : left.0.collection.utf8.lexicographicallyPrecedes(right.0.collection.utf8)
    }
  }

  private func row(of key: ItemKey, _ number: Int64) throws(SQLiteFailure) -> Row? {
    let place = SQLiteProfileKey.place(number, try names.number(ofCollection: key.collection))
    try selectRow.bind(place, SQLiteIdentifier(key.id.text))
    return try selectRow.first { row throws(SQLiteFailure) in
      Row(
        key: SQLiteProfileKey(row.int64(0)), version: Version(number: row.int64(1)), created: row.int64(2),
        bytes: Int(row.int64(3)), isListing: row.int64(4) != 0)
    }
  }

  // MARK: Writing

  /// Adds an item that does not exist, of a person who does.
  func insert(_ item: StoredItem) throws(SQLiteFailure) {
    let number = try number(of: item)
    let collection = try names.give(collection: item.key.collection)
    let key = try freeKey(number, collection, item.audience)
    let id = SQLiteIdentifier(item.key.id.text)
    try insertItem.bind(
      id, item.version.number, item.collapsible?.lowerBound, item.collapsible?.upperBound,
      SQLiteItemJSON.stored(item, id), key.number, item.created.ticks, item.listed?.user.text,
      item.listed?.audience.rawValue)
    try insertItem.run()
    try count(1, item.json.count, collection, item.key.user, number)
  }

  /// Replaces an item that exists.
  func update(_ item: StoredItem) throws(SQLiteFailure) {
    let number = try number(of: item)
    guard let row = try row(of: item.key, number) else { throw .row(DamagedRow.item) }
    try write(item, over: row, number)
  }

  /// Replaces an item that still has the version `base`, unless a limit or another row must be looked at first. Returns
  /// whether it did.
  func update(_ item: StoredItem, ifStill base: Version) throws(SQLiteFailure) -> Bool {
    guard let number = try people.number(of: item.key.user), let row = try row(of: item.key, number),
      row.version == base, try hasRoom(for: item.json.count - row.bytes, item.key.user, number)
    else { return false }
    try write(item, over: row, number)
    return true
  }

  private func hasRoom(for growth: Int, _ user: UserID, _ number: Int64) throws(SQLiteFailure) -> Bool {
    guard growth > 0 else { return true }
    return try people.state(of: user, number).bytes + growth <= Limits.personBytesMax
  }

  private func write(_ item: StoredItem, over row: Row, _ number: Int64) throws(SQLiteFailure) {
    let json = SQLiteItemJSON.stored(item, SQLiteIdentifier(item.key.id.text))
    let (start, end) = (item.collapsible?.lowerBound, item.collapsible?.upperBound)
    let isInPlace = row.key.audience == item.audience && row.created == item.created.ticks
    if isInPlace, !row.isListing, item.listed == nil {
      try updateContent.bind(item.version.number, start, end, json, row.key.number)
      try updateContent.run()
    } else {
      let key = try row.key.audience == item.audience ? row.key : freeKey(number, row.key.collection, item.audience)
      try updateAll.bind(
        item.version.number, start, end, json, key.number, item.created.ticks, item.listed?.user.text,
        item.listed?.audience.rawValue, row.key.number)
      try updateAll.run()
    }
    try count(0, item.json.count - row.bytes, row.key.collection, item.key.user, number)
  }

  /// Deletes an item, if it still has the version `base`; nil stands for any. Returns whether it did.
  func delete(_ key: ItemKey, ifStill base: Version?) throws(SQLiteFailure) -> Bool {
    guard let number = try people.number(of: key.user), let row = try row(of: key, number),
      base.map({ $0 == row.version }) ?? true
    else { return false }
    try deleteRow.bind(row.key.number)
    try deleteRow.run()
    try count(-1, -row.bytes, row.key.collection, key.user, number)
    return true
  }

  // MARK: Numbers

  private func number(of item: StoredItem) throws(SQLiteFailure) -> Int64 {
    guard let number = try people.number(of: item.key.user) else { throw .row(DamagedRow.user) }
    return number
  }

  private func count(
    _ items: Int, _ bytes: Int, _ collection: Int64, _ user: UserID, _ number: Int64
  ) throws(SQLiteFailure) {
    guard items != 0 || bytes != 0 else { return }
    try people.change(user, number) { person in
      person.state.bytes += bytes
      if items != 0 { person.state.add(items, to: collection) }
    }
  }

  /// A key that no row has: after the last of its collection and audience, or in a gap.
  private func freeKey(
    _ number: Int64, _ collection: Int64, _ audience: Audience
  ) throws(SQLiteFailure) -> SQLiteProfileKey {
    let slots = SQLiteProfileKey.slots(person: number, collection: collection, audience: audience)
    try selectLast.bind(slots.lowerBound, slots.upperBound)
    guard let last = try selectLast.first({ row throws(SQLiteFailure) in row.int64(0) }) else {
      return SQLiteProfileKey(slots.lowerBound)
    }
    guard last == slots.upperBound else { return SQLiteProfileKey(last + 1) }
    try selectGap.bind(slots.lowerBound, slots.upperBound - 1)
    if let gap = try selectGap.first({ row throws(SQLiteFailure) in row.int64(0) }) { return SQLiteProfileKey(gap) }
    throw .row("A collection holds more items than its bound.")
  }
}
