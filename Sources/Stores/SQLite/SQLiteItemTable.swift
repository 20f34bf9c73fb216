import OData
import Profiles

/// The statements that write items, inside the open transaction. They update the number and size of items in the
/// person's state with every write.
final class SQLiteItemTable {
  private let names: SQLiteNames
  private let people: SQLitePersonStates
  private let selectItem, selectSize, selectLast, selectGap, selectVersions: SQLiteStatement
  private let updateContent, updateAll, insertItem, deleteItem: SQLiteStatement

  /// Prepares every statement.
  init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ people: SQLitePersonStates
  ) throws(SQLiteFailure) {
    self.names = names
    self.people = people
    let isItem = "\(SQLiteProfileKey.place) = ? and id = ?"
    selectItem = try connection.prepare(
      "select \(SQLiteColumns.item) from profile where \(isItem) and (?3 is null or key & ?3 != 0)")
    selectSize = try connection.prepare("select \(SQLiteEntityJSON.size) from profile where \(isItem)")
    selectLast = try connection.prepare("select key from profile where key between ? and ? order by key desc limit 1")
    selectGap = try connection.prepare(
      """
      select ?1 where not exists (select 1 from profile where key = ?1) union all
      select key + 1 from profile p where key between ?1 and ?2
      and not exists (select 1 from profile n where n.key = p.key + 1) limit 1
      """)
    selectVersions = try connection.prepare("select key, id, version from profile where key > ? and key <= ?")
    // It changes no indexed column, so that no index is written.
    updateContent = try connection.prepare(
      "update profile set version = ?, collapse_start = ?, collapse_end = ?, json = ? where \(isItem)")
    updateAll = try connection.prepare(
      """
      update profile set version = ?, collapse_start = ?, collapse_end = ?, json = ?, key = ifnull(?, key), created = ?,
      listed = ?, listed_as = ? where \(isItem)
      """)
    insertItem = try connection.prepare(
      """
      insert into profile (id, version, collapse_start, collapse_end, json, key, created, listed, listed_as)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    deleteItem = try connection.prepare("delete from profile where \(isItem)")
  }

  // MARK: Reading

  /// An item of the person with this number; nil when there is none. Unless `audiences` is nil, only an item for one of
  /// them is found.
  func item(_ key: ItemKey, of number: Int64, for audiences: Audience?) throws(SQLiteFailure) -> StoredItem? {
    let place = SQLiteProfileKey.place(number, try names.number(ofCollection: key.collection))
    try selectItem.bind(place, SQLiteIdentifier(key.id.text), audiences.map(SQLiteProfileKey.bits(of:)))
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

  // MARK: Writing

  /// Adds an item that does not exist, of a person who does.
  func insert(_ item: StoredItem) throws(SQLiteFailure) {
    let number = try number(of: item)
    let collection = try names.give(collection: item.key.collection)
    let key = try freeKey(number, collection, item.audience)
    let id = SQLiteIdentifier(item.key.id.text)
    try insertItem.bind(
      id, item.version.number, item.collapsible?.lowerBound, item.collapsible?.upperBound,
      SQLiteEntityJSON.stored(item, id), key.number, item.created.ticks, item.listed?.user.text,
      item.listed?.audience.rawValue)
    try insertItem.run()
    try count(1, item.json.count, collection, item.key.user, number)
  }

  /// Replaces `old`, an item as it is in the database. The row moves when the audience changes.
  func update(_ item: StoredItem, replacing old: StoredItem) throws(SQLiteFailure) {
    let number = try number(of: item)
    let collection = try names.number(ofCollection: item.key.collection)
    let (place, id) = (SQLiteProfileKey.place(number, collection), SQLiteIdentifier(item.key.id.text))
    let json = SQLiteEntityJSON.stored(item, id)
    let (start, end) = (item.collapsible?.lowerBound, item.collapsible?.upperBound)
    let isInPlace = item.audience == old.audience && item.created == old.created
    // A relationship may replace one that listed a person, which is not known here.
    if isInPlace, item.listed == nil, item.key.collection != Relationship.collection {
      try updateContent.bind(item.version.number, start, end, json, place, id)
      try updateContent.run()
    } else {
      let key = try item.audience == old.audience ? nil : freeKey(number, collection, item.audience)
      try updateAll.bind(
        item.version.number, start, end, json, key?.number, item.created.ticks, item.listed?.user.text,
        item.listed?.audience.rawValue, place, id)
      try updateAll.run()
    }
    try count(0, item.json.count - old.json.count, collection, item.key.user, number)
  }

  /// Deletes an item, if it is there.
  func delete(_ key: ItemKey) throws(SQLiteFailure) {
    guard let number = try people.number(of: key.user) else { return }
    let collection = try names.number(ofCollection: key.collection)
    let (place, id) = (SQLiteProfileKey.place(number, collection), SQLiteIdentifier(key.id.text))
    try selectSize.bind(place, id)
    guard let bytes = try selectSize.first({ row throws(SQLiteFailure) in Int(row.int64(0)) }) else { return }
    try deleteItem.bind(place, id)
    try deleteItem.run()
    try count(-1, -bytes, collection, key.user, number)
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

  /// A free key: the one after the last of its collection and audience or, when the last slot is taken, the first free
  /// one.
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
