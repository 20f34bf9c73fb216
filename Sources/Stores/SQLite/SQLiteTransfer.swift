public import OData
public import Profiles

extension SQLiteStore {
  /// See `ProfileStore`.
  public func importRecords(at time: DateTimeOffset, _ next: () throws -> DirectoryRecord?) throws -> Int {
    try withWorker { worker in
      try worker.transaction {
        var transfer = SQLiteImport(tables: worker.tables, time: time)
        var count = 0
        while let record = try next() {
          try transfer.take(record)
          count += 1
        }
        return count
      }
    }
  }

  /// See `ProfileStore`.
  public func exportRecords(_ body: (DirectoryRecord) throws -> Void) throws {
    try withReadConnection { connection in
      let users = try connection.prepare("select \(SQLiteRows.userColumns) from user order by id")
      let items = try connection.prepare(
        "select collection, id, \(SQLiteRows.itemColumns) from item where user = ? order by collection, id")
      // One transaction, so that all is read as of one moment.
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      try users.forEach { row in
        let user = try row.user()
        try body(.user(user))
        try items.bind(user.id.text)
        try items.forEach { row in
          let key = ItemKey(user: user.id, collection: row.text(0), id: try row.itemID(1))
          try body(.item(try row.item(key, from: 2)))
        }
      }
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID) throws -> [Change] {
    try withReadConnection { connection in
      let select = try connection.prepare(
        "select \(SQLiteRows.changeColumns) from change where user = ? order by seq")
      try select.bind(user.text)
      return try select.all { row throws(SQLiteFailure) in try row.change() }
    }
  }
}

/// One import, inside a transaction.
private struct SQLiteImport {
  let tables: SQLiteTables
  let time: DateTimeOffset
  /// What the person of the last item holds: their items follow one another, so it is counted once for each.
  private var current: (user: UserID, usage: PersonUsage)?

  init(tables: SQLiteTables, time: DateTimeOffset) {
    self.tables = tables
    self.time = time
  }

  mutating func take(_ record: DirectoryRecord) throws {
    switch record {
    case .user(let user): try take(user)
    case .item(let item): try take(item)
    }
  }

  private func take(_ user: StoredUser) throws {
    guard try !tables.isPrincipalNameTaken(of: user) else { throw ImportError.principalNameTaken }
    let existing = try tables.user(user.id)
    guard existing.map({ $0.tenant == user.tenant }) ?? true else { throw ImportError.otherTenant }
    let old = existing?.version
    let new = StoredUser(
      id: user.id, tenant: user.tenant, principalName: user.principalName, displayName: user.displayName,
      version: old?.next ?? user.version, json: user.json)
    if old == nil { try tables.insert(new) } else { try tables.update(new) }
    try append(user.id, nil, from: old, to: new.version)
  }

  private mutating func take(_ item: StoredItem) throws {
    let state = try tables.state(of: item.key)
    guard state.owner != nil else { throw ImportError.unknownPerson }
    let old = state.item
    try count(item, replacing: old)
    let new = StoredItem(
      key: item.key, version: old?.version.next ?? item.version, audience: item.audience, created: item.created,
      json: item.json, collapsible: item.collapsible)
    if old == nil { try tables.insert(new) } else { try tables.update(new) }
    try append(item.key.user, item.key, from: old?.version, to: new.version)
  }

  private mutating func count(_ item: StoredItem, replacing old: StoredItem?) throws {
    var usage: PersonUsage
    if let current, current.user == item.key.user {
      usage = current.usage
    } else {
      usage = try tables.usage(of: item.key.user)
    }
    switch usage.refusal(of: item, replacing: old?.json.count) {
    case nil: break
    case .collectionFull: throw ImportError.collectionFull
    case .some: throw ImportError.personFull
    }
    usage.add(item, replacing: old?.json.count)
    current = (item.key.user, usage)
  }

  private func append(_ user: UserID, _ key: ItemKey?, from old: Version?, to new: Version) throws(SQLiteFailure) {
    try tables.append(
      Change(
        time: time, kind: .imported, user: user, collection: key?.collection, item: key?.id, properties: [],
        versionBefore: old, versionAfter: new, actingUser: nil, actingApplication: nil))
  }
}
