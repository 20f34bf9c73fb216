import OData
import Profiles

/// The statements that write tenants, groups and memberships, inside the open transaction.
final class SQLiteDirectoryTables {
  private let names: SQLiteNames
  private let selectGroup, insertGroup, updateGroup, deleteGroup, selectLinks, updateLinks: SQLiteStatement
  private let selectOwned: SQLiteStatement
  private let selectTenantOfUser, selectMember, insertMember, deleteMember, selectMembers: SQLiteStatement
  private let selectMemberships, countMemberships, putTenant: SQLiteStatement
  private let selectPhoto, putPhoto, deletePhoto: SQLiteStatement
  private let selectManager, putManager, deleteManager: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ names: SQLiteNames) throws(SQLiteFailure) {
    self.names = names
    selectGroup = try connection.prepare("select \(SQLiteColumns.group) from directory_group where id = ?")
    insertGroup = try connection.prepare(
      "insert into directory_group (tenant, version, json, id) values (?, ?, ?, ?)")
    updateGroup = try connection.prepare("update directory_group set tenant = ?, version = ?, json = ? where id = ?")
    deleteGroup = try connection.prepare("delete from directory_group where id = ?")
    selectLinks = try connection.prepare(SQLiteColumns.selectLinks)
    selectOwned = try connection.prepare(SQLiteSchema.selectOwned)
    updateLinks = try connection.prepare("update directory_group set links = ? where id = ?")
    selectPhoto = try connection.prepare("select \(SQLiteColumns.groupPhoto) from group_photo where group_id = ?")
    putPhoto = try connection.prepare(
      """
      insert into group_photo (group_id, version, json) values (?, ?, ?)
      on conflict (group_id) do update set version = excluded.version, json = excluded.json
      """)
    deletePhoto = try connection.prepare("delete from group_photo where group_id = ?")
    selectTenantOfUser = try connection.prepare("select tenant from person where id = ? and tenant is not null")
    selectMember = try connection.prepare("select 1 from membership where user = ? and group_id = ?")
    insertMember = try connection.prepare("insert into membership (user, group_id) values (?, ?)")
    deleteMember = try connection.prepare("delete from membership where user = ? and group_id = ?")
    selectMembers = try connection.prepare("select user from membership where group_id = ? order by user")
    selectMemberships = try connection.prepare("select group_id from membership where user = ? order by group_id")
    countMemberships = try connection.prepare("select count(*) from membership where user = ?")
    selectManager = try connection.prepare("select manager from manager where user = ?")
    putManager = try connection.prepare("insert or replace into manager (user, manager) values (?, ?)")
    deleteManager = try connection.prepare("delete from manager where user = ?")
    putTenant = try connection.prepare(
      """
      insert into tenant (id, version, json) values (?, 1, ?)
      on conflict (id) do update set version = version + 1, json = excluded.json
      """)
  }

  // MARK: Groups

  /// A group; nil when there is none.
  func group(_ id: GroupID) throws(SQLiteFailure) -> StoredGroup? {
    try selectGroup.bind(id.text)
    return try selectGroup.first { row throws(SQLiteFailure) in try row.group() }
  }

  /// Adds a group, or replaces the one that exists.
  func put(_ group: StoredGroup, replacing old: StoredGroup?) throws(SQLiteFailure) {
    let statement = old == nil ? insertGroup : updateGroup
    try statement.bind(group.tenant.text, group.version.number, group.json, group.id.text)
    try statement.run()
  }

  /// Deletes a group with its photo and its memberships, and returns who was a member.
  func delete(_ group: GroupID) throws(SQLiteFailure) -> [UserID] {
    try selectMembers.bind(group.text)
    let members = try selectMembers.all { row throws(SQLiteFailure) in
      guard let user = UserID(row.text(0)) else { throw .row(DamagedRow.membership) }
      return user
    }
    for member in members { try remove(member, from: group) }
    try deletePhoto(of: group)
    try deleteGroup.bind(group.text)
    try deleteGroup.run()
    return members
  }

  /// The photo of a group; nil when there is none.
  func photo(of group: GroupID) throws(SQLiteFailure) -> StoredGroupPhoto? {
    try selectPhoto.bind(group.text)
    return try selectPhoto.first { row throws(SQLiteFailure) in try row.groupPhoto() }
  }

  /// Stores the photo of a group in place of the one that is there.
  func put(_ photo: StoredGroupPhoto) throws(SQLiteFailure) {
    try putPhoto.bind(photo.group.text, photo.version.number, photo.json)
    try putPhoto.run()
  }

  /// Deletes the photo of a group, if there is one.
  func deletePhoto(of group: GroupID) throws(SQLiteFailure) {
    try deletePhoto.bind(group.text)
    try deletePhoto.run()
  }

  // MARK: Links

  /// The links of those groups that exist.
  func links(of groups: [GroupID]) throws(SQLiteFailure) -> [GroupID: LinkedGroup] {
    try selectLinks.links(of: groups)
  }

  /// The links of the groups of a tenant that a person owns.
  func links(
    ofGroupsOwnedBy owner: UserID, in tenant: TenantID
  ) throws(SQLiteFailure) -> [GroupID: LinkedGroup] {
    try selectOwned.bind(tenant.text, GroupLinks.mark(of: owner))
    let marked = try selectOwned.all { row throws(SQLiteFailure) in
      guard let group = GroupID(row.text(0)) else { throw .row(DamagedRow.group) }
      return group
    }
    return try links(of: marked).filter { $0.value.links.owners.contains(owner) }
  }

  /// Replaces the links of a group.
  func put(_ links: GroupLinks, of group: GroupID) throws(SQLiteFailure) {
    try updateLinks.bind(links.json, group.text)
    try updateLinks.run()
  }

  // MARK: Memberships

  /// Those people who exist, with their tenants.
  func tenants(of people: [UserID]) throws(SQLiteFailure) -> [UserID: TenantID] {
    var tenants: [UserID: TenantID] = [:]
    for user in people {
      try selectTenantOfUser.bind(user.text)
      tenants[user] = try selectTenantOfUser.first { row throws(SQLiteFailure) in try names.tenant(row.int64(0)) }
    }
    return tenants
  }

  /// Whether a person is a member of a group.
  func isMember(_ user: UserID, of group: GroupID) throws(SQLiteFailure) -> Bool {
    try selectMember.bind(user.text, group.text)
    return try selectMember.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// How many groups a person is a member of.
  func membershipCount(of user: UserID) throws(SQLiteFailure) -> Int {
    try countMemberships.bind(user.text)
    return try countMemberships.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }

  /// Adds a member who is not one yet.
  func add(_ user: UserID, to group: GroupID) throws(SQLiteFailure) {
    try insertMember.bind(user.text, group.text)
    try insertMember.run()
  }

  /// Removes a member.
  func remove(_ user: UserID, from group: GroupID) throws(SQLiteFailure) {
    try deleteMember.bind(user.text, group.text)
    try deleteMember.run()
  }

  /// Removes a person from every group, and returns which those were.
  func removeMemberships(of user: UserID) throws(SQLiteFailure) -> [GroupID] {
    try selectMemberships.bind(user.text)
    let groups = try selectMemberships.all { row throws(SQLiteFailure) in
      guard let group = GroupID(row.text(0)) else { throw .row(DamagedRow.membership) }
      return group
    }
    for group in groups { try remove(user, from: group) }
    return groups
  }

  // MARK: Managers

  /// Who is the manager of a person; nil when nobody is.
  func manager(of user: UserID) throws(SQLiteFailure) -> UserID? {
    try selectManager.bind(user.text)
    return try selectManager.first { row throws(SQLiteFailure) in try row.userID(0) }
  }

  /// Replaces the manager of a person; nil stands for nobody.
  func setManager(_ manager: UserID?, of user: UserID) throws(SQLiteFailure) {
    guard let manager else {
      try deleteManager.bind(user.text)
      return try deleteManager.run()
    }
    try putManager.bind(user.text, manager.text)
    try putManager.run()
  }

  // MARK: Tenants

  /// Adds a tenant, or replaces what it decided.
  func put(_ settings: TenantSettings) throws(SQLiteFailure) {
    try putTenant.bind(settings.id.text, settings.json)
    try putTenant.run()
  }

  /// Adds a tenant that decided nothing, unless it is there.
  func add(_ tenant: TenantID) throws(SQLiteFailure) { _ = try names.give(tenant) }
}
