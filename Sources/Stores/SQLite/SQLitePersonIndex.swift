import GRDBSQLite
import OData
import Profiles

/// The indexes of people (docs/decisions/0026): `person_text` holds their keys (`PersonIndexEntry.keys`), and `person_search`,
/// a full-text index without content, their tokens. Its rowid is the number of the person.
///
/// Tokens are not positions in a text, so that the full-text index keeps nothing but which people have a token.
enum SQLitePersonIndex {
  /// The tables. `person_count` holds how many people each tenant has. A row in `search_remnant` says that the full-text
  /// index still holds tokens of somebody who was deleted.
  static let tables = """
    create table person_text (
      tenant integer not null,
      property integer not null,
      key blob not null,
      id text not null,
      person integer not null,
      primary key (tenant, property, key, id)
    ) strict, without rowid;

    create virtual table person_search using fts5(
      tokens, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
    );

    create table search_remnant (id integer primary key check (id = 1)) strict;

    create table person_count (tenant integer primary key, people integer not null) strict;

    drop index person_display_name;
    """

  /// Has the full-text index merge its segments in sixteens. It begins with fours, so that each token is written more often.
  static let mergeSeldom = "insert into person_search (person_search, rank) values ('automerge', 16)"

  /// Fills the indexes, which are empty, inside the open transaction.
  static func fill(_ connection: SQLiteConnection) throws {
    let names = try SQLiteNames(connection)
    let table = try SQLitePersonIndexTable(connection)
    let people = try connection.prepare(
      "select \(SQLiteColumns.user), number from person where tenant is not null order by number")
    try people.forEach { row in
      // What is damaged is found by nothing, and `facet check` reports it.
      let user = try SQLiteCheck.unlessDamaged { () throws(SQLiteFailure) in try row.user(names) }
      guard let user else { return }
      try table.note(row.int64(6), user.id, nil, SQLiteIndexedPerson(tenant: row.int64(1), user: user))
    }
    try table.finish()
    try connection.execute("insert into person_search (person_search) values ('optimize')")
  }

  /// A token as a word of the full-text index, of at most six letters and digits.
  static func word(_ token: Int32) -> String { String(token, radix: 36) }

  /// The word of a tenant, which is longer. It makes a search leave out people of others.
  static func word(ofTenant number: Int64) -> String { "tenant\(number)" }

  /// The query for the people of a tenant who have each of the tokens.
  static func query(_ tokens: [Int32], in tenant: Int64) -> String {
    // In quotes a word is never an operator.
    (tokens.map(word) + [word(ofTenant: tenant)]).map { "\"\($0)\"" }.joined(separator: " AND ")
  }
}

/// A person of a tenant, as the indexes hold them.
struct SQLiteIndexedPerson {
  /// The number of the tenant.
  let tenant: Int64
  let user: StoredUser
}

/// The statements that write the indexes of people, inside the open transaction.
///
/// The full-text index begins a new segment whenever it is given a smaller rowid than before. Changes therefore wait for the
/// end of the transaction, and are made in the order of the people, once for each of them.
final class SQLitePersonIndexTable {
  private struct Change {
    let id: UserID
    let old: SQLiteIndexedPerson?
    var new: SQLiteIndexedPerson?

    /// Whether the person stays in their tenant, where most of what is kept of them stays as well.
    var keepsTenant: Bool { old?.tenant == new?.tenant }

    /// What the indexes lose and gain.
    var difference: (removed: PersonIndexEntry?, added: PersonIndexEntry?) {
      guard let old, let new, keepsTenant else {
        return (old.map { PersonIndexEntry(of: $0.user) }, new.map { PersonIndexEntry(of: $0.user) })
      }
      return PersonIndexEntry.difference(from: old.user, to: new.user)
    }
  }

  private let insertKey, deleteKey, insertWords, deleteWords, insertRemnant: SQLiteStatement
  private let selectRemnant, deleteRemnant, merge, addPeople: SQLiteStatement
  private let connection: SQLiteConnection
  private var changes: [Int64: Change] = [:]
  /// How many people the open transaction adds to each tenant.
  private var added: [Int64: Int] = [:]

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    self.connection = connection
    insertKey = try connection.prepare(
      "insert or ignore into person_text (tenant, property, key, id, person) values (?, ?, ?, ?, ?)")
    deleteKey = try connection.prepare(
      "delete from person_text where tenant = ? and property = ? and key = ? and id = ?")
    insertWords = try connection.prepare("insert into person_search (rowid, tokens) values (?, ?)")
    deleteWords = try connection.prepare(
      "insert into person_search (person_search, rowid, tokens) values ('delete', ?, ?)")
    insertRemnant = try connection.prepare("insert or ignore into search_remnant (id) values (1)")
    selectRemnant = try connection.prepare("select 1 from search_remnant where id = 1")
    deleteRemnant = try connection.prepare("delete from search_remnant where id = 1")
    merge = try connection.prepare("insert into person_search (person_search, rank) values ('merge', ?)")
    addPeople = try connection.prepare(
      """
      insert into person_count (tenant, people) values (?, ?)
      on conflict (tenant) do update set people = people + excluded.people
      """)
  }

  /// Replaces what the indexes hold of a person; nil stands for nothing.
  func note(
    _ number: Int64, _ id: UserID, _ old: SQLiteIndexedPerson?, _ new: SQLiteIndexedPerson?
  ) throws(SQLiteFailure) {
    changes[number, default: Change(id: id, old: old)].new = new
    if let old { added[old.tenant, default: 0] -= 1 }
    if let new { added[new.tenant, default: 0] += 1 }
    if new == nil { try insertRemnant.run() }
    if changes.count >= Limits.touchedPeopleMax { try finish() }
  }

  private func write(_ change: Change, of number: Int64) throws(SQLiteFailure) {
    let (removed, added) = change.difference
    for key in removed?.keys ?? [] {
      try deleteKey.bind(change.old?.tenant, key.property, key.bytes, change.id.text)
      try deleteKey.run()
    }
    for key in added?.keys ?? [] {
      try insertKey.bind(change.new?.tenant, key.property, key.bytes, change.id.text, number)
      try insertKey.run()
    }
    guard !change.keepsTenant || removed?.tokens.isEmpty == false || added?.tokens.isEmpty == false else { return }
    // The index counts its rows: of a person who stays, it is told of both, even if there are no words.
    if let removed {
      try deleteWords.bind(number, Self.words(removed, change.keepsTenant ? nil : change.old?.tenant))
      try deleteWords.run()
    }
    if let added {
      try insertWords.bind(number, Self.words(added, change.keepsTenant ? nil : change.new?.tenant))
      try insertWords.run()
    }
  }

  /// The words of tokens in the full-text index, and that of a tenant.
  private static func words(_ entry: PersonIndexEntry, _ tenant: Int64?) -> String {
    let own = tenant.map { [SQLitePersonIndex.word(ofTenant: $0)] } ?? []
    return (own + entry.tokens.map(SQLitePersonIndex.word)).joined(separator: " ")
  }

  /// Writes the numbers of people and the changes of the indexes. To be called before every savepoint and commit.
  func finish() throws(SQLiteFailure) {
    guard !changes.isEmpty else { return }
    for (tenant, people) in added where people != 0 {
      try addPeople.bind(tenant, people)
      try addPeople.run()
    }
    added.removeAll(keepingCapacity: true)
    for (number, change) in changes.sorted(by: { $0.key < $1.key }) { try write(change, of: number) }
    changes.removeAll(keepingCapacity: true)
  }

  /// Forgets what the open transaction has changed, which is rolled back.
  func forget() {
    changes.removeAll()
    added.removeAll()
  }

  /// Removes everything.
  func deleteEverything() throws(SQLiteFailure) {
    forget()
    try connection.execute("delete from person_text")
    try connection.execute("delete from person_count")
    try connection.execute("insert into person_search (person_search) values ('delete-all')")
    try deleteRemnant.run()
  }

  // MARK: What was deleted

  /// Whether the full-text index still holds tokens of somebody who was deleted: it marks them as deleted, and leaves them out
  /// when it merges what it has written.
  func hasRemnants() throws(SQLiteFailure) -> Bool {
    try selectRemnant.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// Merges a part of the full-text index, if it holds tokens of somebody who was deleted: all of a small one. To be called
  /// in the transaction that deletes somebody, when everything else is written.
  func eraseRemnants() throws(SQLiteFailure) {
    guard try hasRemnants() else { return }
    // The second time finds whether the first one was enough.
    for _ in 1...2 { if try mergeRemnants() { return } }
  }

  /// Merges at most `Limits.mergedPagesMax` pages of the full-text index, inside the open transaction. Returns whether nothing
  /// is left of those who were deleted.
  func mergeRemnants() throws(SQLiteFailure) -> Bool {
    // What the transaction changed is in memory until the commit, where no merge sees it. A savepoint has it written.
    try connection.execute("savepoint merged")
    try connection.execute("release merged")
    let before = sqlite3_total_changes(connection.handle)
    // A negative number asks for all segments to become one.
    try merge.bind(-Limits.mergedPagesMax)
    try merge.run()
    // The command itself counts as one change (SQLite documentation, section 6.8 of "FTS5").
    guard sqlite3_total_changes(connection.handle) - before < 2 else { return false }
    try deleteRemnant.run()
    return true
  }
}

/// Compares the indexes of people with the people.
struct SQLitePersonIndexCheck {
  private let selectKey, selectMatch, countKeys, selectOtherCount: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    selectKey = try connection.prepare(
      "select 1 from person_text where tenant = ? and property = ? and key = ? and id = ? and person = ?")
    selectMatch = try connection.prepare(
      "select 1 from person_search where person_search match ? and rowid = ?")
    countKeys = try connection.prepare("select count(*) from person_text")
    let (stored, real) = (
      "select tenant, people from person_count where people <> 0",
      "select tenant, count(*) from person where tenant is not null group by tenant"
    )
    selectOtherCount = try connection.prepare(
      "select 1 where exists (\(stored) except \(real)) or exists (\(real) except \(stored))")
  }

  /// Whether the indexes hold the keys of a person and some of their tokens.
  func holds(
    _ entry: PersonIndexEntry, of id: UserID, _ number: Int64, in tenant: Int64
  ) throws(SQLiteFailure) -> Bool {
    for key in entry.keys {
      try selectKey.bind(tenant, key.property, key.bytes, id.text, number)
      guard try isThere(selectKey) else { return false }
    }
    let tokens = stride(from: 0, to: entry.tokens.count, by: max(1, entry.tokens.count / Limits.checkedTokens))
      .map { entry.tokens[$0] }
    try selectMatch.bind(SQLitePersonIndex.query(tokens, in: tenant), number)
    return try isThere(selectMatch)
  }

  /// What the indexes hold beside `keys` keys, and whether the number of people of a tenant is another than the stored one.
  func excess(over keys: Int) throws(SQLiteFailure) -> [CheckFinding] {
    let count = try countKeys.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
    let faults = [
      count == keys ? nil : "The indexes of people hold a text that nobody has.",
      try isThere(selectOtherCount) ? "The stored number of people of a tenant is another than there are." : nil,
    ]
    return faults.compactMap { $0.map { CheckFinding.inDatabase($0) } }
  }

  private func isThere(_ statement: SQLiteStatement) throws(SQLiteFailure) -> Bool {
    try statement.first { _ throws(SQLiteFailure) in true } ?? false
  }
}
