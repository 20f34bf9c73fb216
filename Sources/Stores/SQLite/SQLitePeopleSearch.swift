import OData
import Profiles

/// Reads people by the indexes (`SQLitePersonIndex`). Belongs to one connection and its thread.
///
/// A page is made in one of three ways. A range of keys that lie in the order of the page is read from there. Few people who
/// may satisfy a condition are all read. Many are looked for among everybody in the order of the page, by their numbers, so
/// that only people on the page are read.
final class SQLitePeopleSearch {
  /// When a page is made in which way.
  struct Bounds {
    var found = Limits.foundPeopleMax
    var few = Limits.fewPeopleMax
    var passed = Limits.passedPeopleMax
  }

  private let names: SQLiteNames
  private let bounds: Bounds
  private let selectPerson, selectByKey, selectOfKey, selectKeyBefore, selectByID: SQLiteStatement
  private let selectNumber, selectRange, selectMatches, selectVersion: SQLiteStatement
  /// Who was found last, since the pages of one list ask for the same.
  private var remembered: [Finding] = []

  /// Who may satisfy a condition.
  private struct Finding {
    let tenant: Int64
    let condition: UserCondition
    /// nil for more than `Bounds.found`.
    let numbers: Set<Int64>?
    /// The state of the database (SQLite documentation, `pragma data_version`).
    let version: Int64
    let time: ContinuousClock.Instant
  }

  /// Prepares every statement.
  init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ bounds: Bounds = Bounds()
  ) throws(SQLiteFailure) {
    self.names = names
    self.bounds = bounds
    selectPerson = try connection.prepare(
      "select \(SQLiteColumns.user) from person where number = ? and tenant = ?")
    selectByKey = try connection.prepare(
      """
      select id, person, key from person_text where tenant = ? and property = ? and (key, id) > (?, ?) and key < ?
      order by key, id
      """)
    selectOfKey = try connection.prepare(
      """
      select id, person, key from person_text where tenant = ? and property = ? and key = ? and id > ?
      order by id
      """)
    selectKeyBefore = try connection.prepare(
      """
      select key from person_text where tenant = ? and property = ? and key >= ? and key < ? order by key desc limit 1
      """)
    selectByID = try connection.prepare(
      "select id, number from person indexed by person_tenant where tenant = ? and id > ? order by id")
    selectNumber = try connection.prepare("select number from person where id = ? and tenant = ?")
    selectRange = try connection.prepare(
      """
      select person from person_text where tenant = ? and property = ? and key >= ? and key < ?
      limit \(bounds.found + 1)
      """)
    selectMatches = try connection.prepare(
      "select rowid from person_search where person_search match ? limit \(bounds.found + 1)")
    selectVersion = try connection.prepare("pragma data_version")
  }

  /// One page of the people that are selected, in the order of the selection. `tenant` is a number.
  func page(
    in tenant: Int64, _ selection: UserSelection, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    var page = SQLitePeoplePage(selection, limit: limit, passedMax: bounds.passed)
    if let (property, range) = selection.orderedRange {
      try walk(in: tenant, property, range, isDescending: selection.key?.isDescending == true, after: place, nil, &page)
      return page.stored
    }
    let found = try selection.condition.flatMap { condition throws(SQLiteFailure) in
      try rememberedNumbers(in: tenant, condition)
    }
    if let found, found.count <= bounds.few {
      return try few(found, in: tenant, selection, after: place, limit: limit)
    }
    if let key = selection.key {
      try walk(
        in: tenant, key.property, .all, isDescending: key.isDescending, after: place, found, &page)
    } else {
      try walkByID(in: tenant, after: place, found, &page)
    }
    return page.stored
  }

  // MARK: Who may satisfy a condition

  /// The same as `numbers`, without looking again for what cannot have changed. That there were too many a short time ago is
  /// taken for true, since everybody is looked at then.
  private func rememberedNumbers(in tenant: Int64, _ condition: UserCondition) throws(SQLiteFailure) -> Set<Int64>? {
    let (version, now) = (try databaseVersion(), ContinuousClock.now)
    let known = remembered.first { $0.tenant == tenant && $0.condition == condition }
    if let known, known.version == version { return known.numbers }
    if let known, known.numbers == nil, now < known.time + .seconds(Limits.rememberedFindingSeconds) { return nil }
    let numbers = try numbers(in: tenant, condition)
    remembered.removeAll { $0.tenant == tenant && $0.condition == condition }
    remembered = remembered.suffix(Limits.rememberedFindingsMax - 1)
    remembered.append(
      Finding(tenant: tenant, condition: condition, numbers: numbers, version: version, time: now))
    return numbers
  }

  private func databaseVersion() throws(SQLiteFailure) -> Int64 {
    try selectVersion.first { row throws(SQLiteFailure) in row.int64(0) } ?? 0
  }

  /// The numbers of the people who may satisfy a condition; nil when they are more than `bounds.found`.
  private func numbers(in tenant: Int64, _ condition: UserCondition) throws(SQLiteFailure) -> Set<Int64>? {
    switch condition {
    case .id(let id):
      try selectNumber.bind(id, tenant)
      return try collected(selectNumber)
    case .key(let property, let range):
      try selectRange.bind(tenant, property.number, range.lower, range.upper ?? KeyRange.end)
      return try collected(selectRange)
    case .tokens(let tokens):
      try selectMatches.bind(SQLitePersonIndex.query(tokens, in: tenant))
      return try collected(selectMatches)
    case .all(let parts):
      var common: Set<Int64>?
      for part in parts {
        guard let found = try numbers(in: tenant, part) else { continue }
        common = common?.intersection(found) ?? found
        if common?.isEmpty == true { break }
      }
      return common
    case .some(let parts):
      var all: Set<Int64> = []
      for part in parts {
        guard let found = try numbers(in: tenant, part) else { return nil }
        all.formUnion(found)
        guard all.count <= bounds.found else { return nil }
      }
      return all
    }
  }

  private func collected(_ statement: SQLiteStatement) throws(SQLiteFailure) -> Set<Int64>? {
    var numbers: Set<Int64> = []
    defer { statement.reset() }
    while try statement.next() {
      numbers.insert(statement.int64(0))
      guard numbers.count <= bounds.found else { return nil }
    }
    return numbers
  }

  // MARK: Few people

  private func few(
    _ numbers: Set<Int64>, in tenant: Int64, _ selection: UserSelection, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    var people: [(place: KeysetPosition, user: StoredUser)] = []
    for number in numbers {
      guard let user = try person(number, in: tenant) else { continue }
      let own = selection.place(of: user)
      if let place, !selection.precedes(place, own) { continue }
      people.append((own, user))
    }
    people.sort { selection.precedes($0.place, $1.place) }
    var page = SQLitePeoplePage(selection, limit: limit, passedMax: bounds.passed)
    for (place, user) in people { guard page.takes(user, at: place) else { break } }
    return page.stored
  }

  private func person(_ number: Int64, in tenant: Int64) throws(SQLiteFailure) -> StoredUser? {
    try selectPerson.bind(number, tenant)
    return try selectPerson.first { row throws(SQLiteFailure) in try row.user(names) }
  }

  // MARK: Everybody in an order

  private func walkByID(
    in tenant: Int64, after place: KeysetPosition?, _ numbers: Set<Int64>?, _ page: inout SQLitePeoplePage
  ) throws(SQLiteFailure) {
    try selectByID.bind(tenant, place?.idText ?? "")
    _ = try take(selectByID, in: tenant, numbers, &page) { _, id in KeysetPosition(values: [], id: Array(id.utf8)) }
  }

  private func walk(
    in tenant: Int64, _ property: IndexedProperty, _ range: KeyRange, isDescending: Bool, after place: KeysetPosition?,
    _ numbers: Set<Int64>?, _ page: inout SQLitePeoplePage
  ) throws(SQLiteFailure) {
    if let only = range.onlyKey, place?.values.isEmpty != false {
      // One key alone is read by the id, whether or not the people are sorted by the property.
      try selectOfKey.bind(tenant, property.number, only, place?.idText ?? "")
      _ = try take(selectOfKey, in: tenant, numbers, &page, Self.place(page.isSorted))
      return
    }
    let start = place.flatMap { place in place.values.first.flatMap { property.key(of: $0) } }
    guard isDescending else {
      try selectByKey.bind(
        tenant, property.number, start ?? range.lower, start == nil ? "" : place?.idText ?? "",
        range.upper ?? KeyRange.end)
      _ = try take(selectByKey, in: tenant, numbers, &page, Self.place(true))
      return
    }
    var (key, id) = (start, place?.idText ?? "")
    if key == nil { key = try keyBefore(range.upper ?? KeyRange.end, in: tenant, property, range) }
    // Of one key after the other: the order of ids is not reversed with that of keys.
    while let current = key {
      try selectOfKey.bind(tenant, property.number, current, id)
      guard try take(selectOfKey, in: tenant, numbers, &page, Self.place(true)) else { return }
      key = try keyBefore(current, in: tenant, property, range)
      id = ""
    }
  }

  private static func place(_ isSorted: Bool) -> (SQLiteStatement, String) -> KeysetPosition {
    { row, id in
      KeysetPosition(
        values: isSorted ? [IndexedProperty.orderValue(of: row.bytes(2))] : [], id: Array(id.utf8))
    }
  }

  private func keyBefore(
    _ key: [UInt8], in tenant: Int64, _ property: IndexedProperty, _ range: KeyRange
  ) throws(SQLiteFailure) -> [UInt8]? {
    try selectKeyBefore.bind(tenant, property.number, range.lower, key)
    return try selectKeyBefore.first { row throws(SQLiteFailure) in row.bytes(0) }
  }

  /// Puts the people of a statement on the page, those of `numbers` alone, and returns false when the page is complete. The
  /// statement gives ids and numbers.
  private func take(
    _ statement: SQLiteStatement, in tenant: Int64, _ numbers: Set<Int64>?, _ page: inout SQLitePeoplePage,
    _ place: (SQLiteStatement, String) -> KeysetPosition
  ) throws(SQLiteFailure) -> Bool {
    defer { statement.reset() }
    while try statement.next() {
      let number = statement.int64(1)
      if let numbers, !numbers.contains(number) {
        guard page.passes() else {
          page.end(at: try statement.row { row throws(SQLiteFailure) in place(row, row.text(0)) })
          return false
        }
        continue
      }
      let own = try statement.row { row throws(SQLiteFailure) in place(row, row.text(0)) }
      guard let user = try person(number, in: tenant) else { continue }
      guard page.takes(user, at: own) else { return false }
    }
    return true
  }
}

/// A page of people that is being read.
struct SQLitePeoplePage {
  /// Whether the page is sorted by a property.
  let isSorted: Bool
  private let limit, passedMax: Int
  private var people: [StoredUser] = []
  private var bytes = 0
  private var passed = 0
  private var isLast = true
  private var last: KeysetPosition?

  /// An empty page of at most `limit` people. It ends after `passedMax` others.
  init(_ selection: UserSelection, limit: Int, passedMax: Int) {
    isSorted = selection.key != nil
    self.limit = limit
    self.passedMax = passedMax
  }

  /// Puts a person on the page; false when it is complete without them.
  mutating func takes(_ user: StoredUser, at place: KeysetPosition) -> Bool {
    guard people.count < limit, bytes < Limits.pageBytesMax else {
      isLast = false
      return false
    }
    people.append(user)
    bytes += user.json.count
    last = place
    return true
  }

  /// Counts a person who is not on the page; false when so many were looked at that the page ends.
  mutating func passes() -> Bool {
    passed += 1
    return passed < passedMax
  }

  /// Ends the page at somebody who is not on it.
  mutating func end(at place: KeysetPosition) {
    isLast = false
    last = place
  }

  /// The page.
  var stored: StoredPage<StoredUser> { StoredPage(people, isLast: isLast, end: isLast ? nil : last) }
}

extension UserSelection {
  /// The range of keys in which exactly the people who are selected lie in their order; nil when there is none.
  fileprivate var orderedRange: (IndexedProperty, KeyRange)? {
    switch (condition, key) {
    case (.key(let property, let range)?, let key?) where key.property == property: (property, range)
    case (.key(let property, let range)?, nil) where range.onlyKey != nil: (property, range)
    case (nil, let key?): (key.property, .all)
    default: nil
    }
  }
}

extension KeyRange {
  /// Every key.
  fileprivate static let all = KeyRange(from: [], to: nil)
  /// A key behind all others.
  fileprivate static let end: [UInt8] = [2]
}

extension KeysetPosition {
  /// The id of the entity at this position.
  fileprivate var idText: String { String(decoding: id, as: UTF8.self) }
}
