import OData
import Profiles

/// The states of the people that the open transaction has touched. A transaction reads and writes each state once, and
/// changes it here in between. No state is kept for the next transaction. Belongs to the connection that writes.
final class SQLitePersonStates {
  /// A person whom the transaction has touched, with their current state.
  struct Touched {
    let user: UserID
    var state: SQLitePersonState
    /// The tenants whose chains have new rows.
    var grown: [Int64] = []
  }

  private let selectNumber, selectState, insertState, updateState: SQLiteStatement
  private let names: SQLiteNames
  private let auditTotal: SQLiteAuditTotal
  private var touched: [Int64: Touched] = [:]
  /// Numbers of people, which never change. Those of a transaction that is rolled back are forgotten.
  private var numbers: [UserID: Int64] = [:]

  /// Prepares every statement.
  init(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ auditTotal: SQLiteAuditTotal
  ) throws(SQLiteFailure) {
    self.names = names
    self.auditTotal = auditTotal
    selectNumber = try connection.prepare("select number from person where id = ?")
    selectState = try connection.prepare("select json from profile where key = ?")
    insertState = try connection.prepare("insert into profile (json, key) values (?, ?)")
    updateState = try connection.prepare("update profile set json = ? where key = ?")
  }

  // MARK: Numbers

  /// The number of a person, also of one who was deleted; nil when they never had one.
  func number(of user: UserID) throws(SQLiteFailure) -> Int64? {
    if let known = numbers[user] { return known }
    try selectNumber.bind(user.text)
    guard let number = try selectNumber.first({ row throws(SQLiteFailure) in row.int64(0) }) else { return nil }
    keep(number, of: user)
    return number
  }

  /// Remembers the number of a person, which was just given.
  func keep(_ number: Int64, of user: UserID) {
    if numbers.count >= Limits.rememberedPeopleMax { numbers.removeAll(keepingCapacity: true) }
    numbers[user] = number
  }

  // MARK: States

  /// The state of the person with a number.
  func state(of user: UserID, _ number: Int64) throws(SQLiteFailure) -> SQLitePersonState {
    try touch(user, number).state
  }

  /// Changes the state of the person with this number. When `body` throws, the transaction must be rolled back, which
  /// also undoes the change.
  func change<Answer>(
    _ user: UserID, _ number: Int64, _ body: (inout Touched) throws(SQLiteFailure) -> Answer
  ) throws(SQLiteFailure) -> Answer {
    var person = try touch(user, number)
    // The dictionary must not hold a second reference while the state changes.
    touched[number] = nil
    let answer = try body(&person)
    touched[number] = person
    return answer
  }

  private func touch(_ user: UserID, _ number: Int64) throws(SQLiteFailure) -> Touched {
    if let person = touched[number] { return person }
    if touched.count >= Limits.touchedPeopleMax { try finish() }
    try selectState.bind(SQLiteProfileKey(stateOf: number).number)
    let stored = try selectState.first { row throws(SQLiteFailure) in try row.personState(0) }
    let state = if let stored { stored } else { try newState(number) }
    let person = Touched(user: user, state: state)
    touched[number] = person
    return person
  }

  /// The state of a person who has none yet. Its row is inserted now: inserted after the items, it would split the page
  /// that they lie on.
  private func newState(_ number: Int64) throws(SQLiteFailure) -> SQLitePersonState {
    let state = SQLitePersonState()
    try insertState.bind(state.stored, SQLiteProfileKey(stateOf: number).number)
    try insertState.run()
    return state
  }

  /// Writes what has changed. To be called before every commit.
  func finish() throws(SQLiteFailure) {
    guard !touched.isEmpty else { return }
    // In the order of keys, so that neighbouring rows are written one after another.
    for number in touched.keys.sorted() {
      guard let person = touched[number] else { continue }
      try write(person, number)
    }
    touched.removeAll(keepingCapacity: true)
    try auditTotal.finish()
  }

  private func write(_ person: Touched, _ number: Int64) throws(SQLiteFailure) {
    var state = person.state
    for index in state.chains.indices where person.grown.contains(state.chains[index].tenant) {
      let owner = AuditChainOwner(user: person.user, tenant: try names.tenant(state.chains[index].tenant))
      let seal = state.chains[index].chain.seal(of: owner, auditTotal.key)
      try auditTotal.replace(state.chains[index].seal, with: seal)
      state.chains[index].seal = seal
    }
    try updateState.bind(state.stored, SQLiteProfileKey(stateOf: number).number)
    try updateState.run()
  }

  // MARK: The transaction

  /// Forgets what the open transaction has changed, which is rolled back, at least to a savepoint.
  func forget() {
    touched.removeAll()
    numbers.removeAll()
    auditTotal.forget()
    names.forget()
  }
}
