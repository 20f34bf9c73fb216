import GRDBSQLite
import OData
import Profiles

/// Statements that read groups and the audit log. Belongs to one connection and its thread.
final class SQLiteDirectoryStatements {
  private let selectGroup, selectGroups, countGroups, selectMemberships, countMemberships: SQLiteStatement
  private let selectMembers, countMembers, selectMember, selectState, selectChange, selectLinks: SQLiteStatement
  private let selectPhoto: SQLiteStatement

  private let names: SQLiteNames

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ names: SQLiteNames) throws(SQLiteFailure) {
    self.names = names
    let columns = SQLiteColumns.group
    selectGroup = try connection.prepare("select \(columns) from directory_group where id = ?")
    selectPhoto = try connection.prepare("select \(SQLiteColumns.groupPhoto) from group_photo where group_id = ?")
    selectGroups = try connection.prepare(
      "select \(columns) from directory_group where tenant = ? and id > ? order by id limit ?")
    countGroups = try connection.prepare("select count(*) from directory_group where tenant = ?")
    selectMemberships = try connection.prepare(
      """
      select \(SQLiteColumns.of("g", columns)) from membership m join directory_group g on g.id = m.group_id
      where m.user = ? and m.group_id > ? order by m.group_id limit ?
      """)
    countMemberships = try connection.prepare("select count(*) from membership where user = ?")
    selectMembers = try connection.prepare(
      """
      select \(SQLiteColumns.of("u", SQLiteColumns.user)) from membership m join person u on u.id = m.user
      where u.tenant is not null and m.group_id = ? and m.user > ? order by m.user limit ?
      """)
    countMembers = try connection.prepare("select count(*) from membership where group_id = ?")
    selectMember = try connection.prepare(
      """
      select 1 from membership m join directory_group g on g.id = m.group_id join person u on u.id = m.user
      where m.user = ?1 and m.group_id = ?2 and g.tenant = ?3 and u.tenant = ?4
      """)
    selectLinks = try connection.prepare(SQLiteColumns.selectLinks)
    // A person who is gone still has their audit log.
    selectState = try connection.prepare(
      """
      select o.number, s.json from person o join profile s on s.key = \(SQLiteProfileKey.state(of: "o.number"))
      where o.id = ?
      """)
    selectChange = try connection.prepare(
      "select \(SQLiteColumns.change) from audit_log where seq = ? and person = ? and tenant = ?")
  }

  /// The group with this id; nil when there is none.
  func group(_ id: GroupID) throws(SQLiteFailure) -> StoredGroup? {
    try selectGroup.bind(id.text)
    return try selectGroup.first { row throws(SQLiteFailure) in try row.group() }
  }

  /// The photo of a group; nil when there is none.
  func photo(of group: GroupID) throws(SQLiteFailure) -> StoredGroupPhoto? {
    try selectPhoto.bind(group.text)
    return try selectPhoto.first { row throws(SQLiteFailure) in try row.groupPhoto() }
  }

  /// The links of those groups that exist.
  func links(of groups: [GroupID]) throws(SQLiteFailure) -> [GroupID: LinkedGroup] {
    try selectLinks.links(of: groups)
  }

  /// One page of groups by id.
  func groups(_ scope: GroupScope, after id: String?, limit: Int) throws(SQLiteFailure) -> StoredPage<StoredGroup> {
    let (select, owner) =
      switch scope {
      case .tenant(let tenant): (selectGroups, tenant.text)
      case .member(let user): (selectMemberships, user.text)
      }
    try select.bind(owner, id ?? "", limit + 1)
    return try select.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in try row.group() }
  }

  /// How many groups there are.
  func countGroups(_ scope: GroupScope) throws(SQLiteFailure) -> Int {
    switch scope {
    case .tenant(let tenant): try count(countGroups, tenant.text)
    case .member(let user): try count(countMemberships, user.text)
    }
  }

  /// One page of the members of a group by id.
  func members(of group: GroupID, after id: String?, limit: Int) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    try selectMembers.bind(group.text, id ?? "", limit + 1)
    return try selectMembers.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in
      try row.user(names)
    }
  }

  /// How many members a group has.
  func countMembers(of group: GroupID) throws(SQLiteFailure) -> Int { try count(countMembers, group.text) }

  /// Whether a person is a member of a group of their tenant.
  func isMember(_ viewer: TenantUser, of group: GroupID) throws(SQLiteFailure) -> Bool {
    let tenant = try names.number(of: viewer.tenant)
    try selectMember.bind(viewer.user.text, group.text, viewer.tenant.text, tenant)
    return try selectMember.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// One page of the chain of a person, newest first, from a place, or from its end. A place comes from a link, which
  /// may be older than a restore of the database, so a place without a row is not damage.
  func changes(of person: TenantUser, from place: Int64?, limit: Int) throws(SQLiteFailure) -> StoredPage<AuditEntry> {
    guard let (number, end) = try end(of: person) else { return StoredPage([], isLast: true) }
    let start = place
    var place = start ?? end.last
    let owner = AuditChainOwner(user: person.user, tenant: person.tenant)
    var rows: [AuditEntry] = []
    while rows.count < limit {
      try selectChange.bind(place, number, end.tenant)
      let row = try selectChange.first { row throws(SQLiteFailure) in try row.auditEntry(of: owner, names) }
      guard let row else {
        throw place == start ? .result(SQLITE_NOTFOUND) : .row("A row of the audit log is missing.")
      }
      rows.append(row)
      guard let older = row.older else { return StoredPage(rows, isLast: true) }
      place = older
    }
    return StoredPage(rows, isLast: false)
  }

  /// How many rows the audit log of a person has.
  func countChanges(of person: TenantUser) throws(SQLiteFailure) -> Int {
    Int(try end(of: person)?.end.chain.length ?? 0)
  }

  private func end(
    of person: TenantUser
  ) throws(SQLiteFailure) -> (number: Int64, end: SQLitePersonState.ChainEnd)? {
    guard let tenant = try names.number(of: person.tenant) else { return nil }
    try selectState.bind(person.user.text)
    return try selectState.first { row throws(SQLiteFailure) in
      let number = row.int64(0)
      return try row.personState(1).chains.first { $0.tenant == tenant }.map { (number, $0) }
    } ?? nil
  }

  private func count(_ statement: SQLiteStatement, _ owner: String) throws(SQLiteFailure) -> Int {
    try statement.bind(owner)
    return try statement.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }
}
