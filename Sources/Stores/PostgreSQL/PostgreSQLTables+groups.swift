import OData
import Profiles

/// Groups and their members.
extension PostgreSQLTables {
  func group(_ id: GroupID) throws(PostgreSQLFailure) -> StoredGroup? {
    try read(Self.selectGroup, .text(id.text)).map { row throws(PostgreSQLFailure) in try row.group() }.first
  }

  func put(_ group: StoredGroup, replacing old: StoredGroup?) {
    write(
      Self.putGroup, .text(group.id.text), .text(group.tenant.text), .int(group.version.number), .bytes(group.json))
    if old == nil { write(PostgreSQLMemberTable.insertListed, .text(""), .text(group.id.text)) }
  }

  func deleteGroup(_ group: GroupID) throws(PostgreSQLFailure) -> [UserID] {
    _ = try read(PostgreSQLMemberTable.take, .text(group.text))
    let members = try read(PostgreSQLMemberTable.selectPeople, .text(group.text)).map {
      row throws(PostgreSQLFailure) in try row.userID(0)
    }
    forgetOwners()
    // In the order in which others write the two tables.
    for user in members { write(PostgreSQLMemberTable.delete, .text(user.text), .text(group.text)) }
    write(PostgreSQLMemberTable.deleteAllListed, .text(group.text))
    deletePhoto(of: group)
    write(Self.deleteGroup, .text(group.text))
    endedMemberships.add(members, of: group)
    return members
  }

  func manager(of user: UserID) throws(PostgreSQLFailure) -> UserID? {
    try read(PostgreSQLManagerTable.select, .text(user.text)).map { row throws(PostgreSQLFailure) in
      try row.userID(0)
    }.first
  }

  func setManager(_ manager: UserID?, of user: UserID) {
    guard let manager else { return write(PostgreSQLManagerTable.delete, .text(user.text)) }
    write(PostgreSQLManagerTable.put, .text(user.text), .text(manager.text))
  }

  /// The row of the tenant stands for all its managers: reads do not wait for it.
  func lockManagers(in tenant: TenantID) throws(PostgreSQLFailure) {
    _ = try read(Self.lockTenant, .text(tenant.text))
  }

  /// Locks the row of the tenant, which is on every node: such writes run on the first one.
  func lockLinks(of tenant: TenantID) throws(PostgreSQLFailure) { _ = try read(Self.lockTenant, .text(tenant.text)) }

  func links(of groups: [GroupID]) throws(PostgreSQLFailure) -> [GroupID: LinkedGroup] {
    guard !groups.isEmpty else { return [:] }
    return try PostgreSQLGroupLinks.read(read(PostgreSQLGroupLinks.select, .texts(groups.map(\.text))))
  }

  func links(
    ofGroupsOwnedBy owner: UserID, in tenant: TenantID
  ) throws(PostgreSQLFailure) -> [GroupID: LinkedGroup] {
    let rows = try read(
      PostgreSQLGroupLinks.selectOwned, .text(tenant.text), .bytes(GroupLinks.mark(of: owner)))
    return try PostgreSQLGroupLinks.read(rows).filter { $0.value.links.owners.contains(owner) }
  }

  func put(_ links: GroupLinks, of group: GroupID) {
    write(PostgreSQLGroupLinks.update, .text(group.text), links.json.map { .bytes($0) } ?? .null)
  }

  func tenants(of people: [UserID]) throws(PostgreSQLFailure) -> [UserID: TenantID] {
    var tenants: [UserID: TenantID] = [:]
    for user in people {
      tenants[user] = try read(Self.selectTenantOfPerson, .text(user.text)).map { row throws(PostgreSQLFailure) in
        try row.tenantID(0)
      }.first
    }
    return tenants
  }

  func isMember(_ user: UserID, of group: GroupID) throws(PostgreSQLFailure) -> Bool {
    try !read(PostgreSQLMemberTable.select, .text(user.text), .text(group.text)).rows.isEmpty
  }

  func membershipCount(of user: UserID) throws(PostgreSQLFailure) -> Int {
    Int(try read(PostgreSQLMemberTable.count, .text(user.text)).first?.int64(0) ?? 0)
  }

  func add(_ user: UserID, to group: GroupID) throws(PostgreSQLFailure) {
    try hold(group)
    forgetOwners()
    write(PostgreSQLMemberTable.insert, .text(user.text), .text(group.text))
    write(PostgreSQLMemberTable.insertListed, .text(user.text), .text(group.text))
  }

  /// Keeps the deletion of a group out until the commit.
  func hold(_ group: GroupID) throws(PostgreSQLFailure) {
    guard !heldGroups.contains(group) else { return }
    // A group that was deleted since it was read is not found when the transaction is run again.
    guard try !read(PostgreSQLMemberTable.hold, .text(group.text)).rows.isEmpty else { throw .state("40001") }
    heldGroups.insert(group)
  }

  func remove(_ user: UserID, from group: GroupID) {
    forgetOwners()
    write(PostgreSQLMemberTable.delete, .text(user.text), .text(group.text))
    write(PostgreSQLMemberTable.deleteListed, .text(user.text), .text(group.text))
    endedMemberships.add([user], of: group)
  }

  func removeMemberships(of user: UserID) throws(PostgreSQLFailure) -> [GroupID] {
    let groups = try read(PostgreSQLMemberTable.selectGroups, .text(user.text)).map { row throws(PostgreSQLFailure) in
      try row.groupID(0)
    }
    for group in groups { remove(user, from: group) }
    return groups
  }
}
