import OData
import Profiles

/// Statements that read groups and the audit log. Belongs to one connection and its thread.
final class SQLiteDirectoryStatements {
  private let selectGroup, selectGroups, countGroups, selectMemberships, countMemberships: SQLiteStatement
  private let selectMembers, countMembers, selectMember, selectEnd, selectChange: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    let columns = SQLiteColumns.group
    selectGroup = try connection.prepare("select \(columns) from directory_group where id = ?")
    selectGroups = try connection.prepare(
      "select \(columns) from directory_group where tenant = ? and id > ? order by id limit ?")
    countGroups = try connection.prepare("select count(*) from directory_group where tenant = ?")
    selectMemberships = try connection.prepare(
      """
      select g.\(columns.replacing(", ", with: ", g.")) from membership m join directory_group g on g.id = m.group_id
      where m.user = ? and m.group_id > ? order by m.group_id limit ?
      """)
    countMemberships = try connection.prepare("select count(*) from membership where user = ?")
    selectMembers = try connection.prepare(
      """
      select u.\(SQLiteColumns.user.replacing(", ", with: ", u.")) from membership m join user u on u.id = m.user
      where m.group_id = ? and m.user > ? order by m.user limit ?
      """)
    countMembers = try connection.prepare("select count(*) from membership where group_id = ?")
    selectMember = try connection.prepare(
      """
      select 1 from membership m join directory_group g on g.id = m.group_id join user u on u.id = m.user
      where m.user = ?1 and m.group_id = ?2 and g.tenant = ?3 and u.tenant = ?3
      """)
    selectEnd = try connection.prepare("select length, last from chain where user = ? and tenant = ?")
    selectChange = try connection.prepare(
      "select \(SQLiteColumns.change), position, previous from record where seq = ? and user = ? and tenant = ?")
  }

  /// The group with this id; nil when there is none.
  func group(_ id: GroupID) throws(SQLiteFailure) -> StoredGroup? {
    try selectGroup.bind(id.text)
    return try selectGroup.first { row throws(SQLiteFailure) in try row.group() }
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
    return try selectMembers.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in try row.user() }
  }

  /// How many members a group has.
  func countMembers(of group: GroupID) throws(SQLiteFailure) -> Int { try count(countMembers, group.text) }

  /// Whether a person is a member of a group of their tenant.
  func isMember(_ viewer: TenantUser, of group: GroupID) throws(SQLiteFailure) -> Bool {
    try selectMember.bind(viewer.user.text, group.text, viewer.tenant.text)
    return try selectMember.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// One page of the chain of a person, newest first, from a place, or from its end.
  func changes(of person: TenantUser, from place: Int64?, limit: Int) throws(SQLiteFailure) -> StoredPage<AuditEntry> {
    var place = place
    if place == nil { place = try end(of: person)?.last }
    var rows: [AuditEntry] = []
    while let current = place, rows.count < limit {
      try selectChange.bind(current, person.user.text, person.tenant.text)
      let row = try selectChange.first { row throws(SQLiteFailure) in try row.auditEntry() }
      guard let row else { throw .row("A row of the audit log is missing.") }
      rows.append(row)
      place = row.older
    }
    return StoredPage(rows, isLast: place == nil)
  }

  /// How many rows the audit log of a person has.
  func countChanges(of person: TenantUser) throws(SQLiteFailure) -> Int { Int(try end(of: person)?.length ?? 0) }

  private func end(of person: TenantUser) throws(SQLiteFailure) -> (length: Int64, last: Int64)? {
    try selectEnd.bind(person.user.text, person.tenant.text)
    return try selectEnd.first { row throws(SQLiteFailure) in (row.int64(0), row.int64(1)) }
  }

  private func count(_ statement: SQLiteStatement, _ owner: String) throws(SQLiteFailure) -> Int {
    try statement.bind(owner)
    return try statement.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }
}
