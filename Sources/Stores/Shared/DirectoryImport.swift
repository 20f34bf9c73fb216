import OData
import Profiles

/// An import inside an open transaction of any database. The versions of the lines are ignored: what is written gets a
/// version that nothing had before, so that no entity tag comes back with other content.
struct DirectoryImport<Tables: WriteTables> {
  let tables: Tables
  let time: DateTimeOffset
  /// How much the person of the last item holds. Their items follow one another, so it is counted once for each person.
  private var current: (user: UserID, usage: PersonQuota)?

  /// An import into `tables`, whose rows of the audit log have this time.
  init(tables: Tables, time: DateTimeOffset) {
    self.tables = tables
    self.time = time
  }

  /// Imports the lines that `next` returns until it returns nil, and returns how many there were. Throws `ImportError`
  /// for a line that is refused, the failure of the database, and what `next` throws.
  mutating func run(_ next: () throws -> ImportLine?) throws -> Int {
    var count = 0
    while let line = try next() {
      try add(line)
      count += 1
    }
    return count
  }

  /// Imports one line. Throws as `run` does.
  mutating func add(_ line: ImportLine) throws {
    switch line {
    case .tenant(let settings): try tables.put(settings)
    case .group(let group): try add(group)
    case .groupPhoto(let photo): try add(photo)
    case .user(let user): try add(user)
    case .member(let user, of: let group): try add(user, of: group)
    case .nestedGroup(let member, in: let group): try add(member, in: group)
    case .owner(let user, of: let group): try add(owner: user, of: group)
    case .item(let item): try add(item)
    }
  }

  private func add(_ group: StoredGroup) throws {
    let old = try tables.group(group.id)
    guard old.map({ $0.tenant == group.tenant }) ?? true else { throw ImportError.groupOfOtherTenant }
    try tables.add(group.tenant)
    try tables.put(
      StoredGroup(id: group.id, tenant: group.tenant, version: .random(), json: group.json), replacing: old)
  }

  private func add(_ photo: StoredGroupPhoto) throws {
    guard try tables.group(photo.group) != nil else { throw ImportError.unknownGroupOfPhoto }
    try tables.put(photo.with(.random()))
  }

  private func add(_ user: UserID, of group: GroupID) throws {
    guard let tenant = try tables.tenants(of: [user])[user] else { throw ImportError.unknownPerson }
    guard try tables.group(group)?.tenant == tenant else { throw ImportError.unknownGroup }
    guard try !tables.isMember(user, of: group) else { return }
    guard try tables.hasRoom(for: user) else { throw ImportError.tooManyGroups }
    try tables.add(user, to: group)
    try append(user, tenant, Change.memberships, ItemID(group.text), from: nil, to: nil)
  }

  /// The links of a group that a line names, which no other server changes any more.
  private func links(of group: GroupID, in tenant: TenantID) throws -> GroupLinks {
    try tables.lockLinks(of: tenant)
    guard let found = try tables.links(of: [group])[group], found.tenant == tenant else {
      throw ImportError.unknownGroup
    }
    return found.links
  }

  private func add(_ member: GroupID, in group: GroupID) throws {
    guard let tenant = try tables.links(of: [member])[member]?.tenant else { throw ImportError.unknownGroup }
    let links = try links(of: group, in: tenant)
    guard !links.groups.contains(member) else { return }
    guard links.groups.count < Limits.groupsPerGroupMax else { throw ImportError.nesting(.tooMany) }
    let states = try GroupNesting(tables: tables, group: group, links: links).states(of: [member])
    if let obstacle = states[member]?.obstacle { throw ImportError.nesting(obstacle) }
    try WriteApplier(tables).link(GroupLinkChange(added: [member]), group, links)
  }

  private func add(owner user: UserID, of group: GroupID) throws {
    guard let tenant = try tables.tenants(of: [user])[user] else { throw ImportError.unknownPerson }
    let links = try links(of: group, in: tenant)
    guard !links.owners.contains(user) else { return }
    let tenants = try tables.tenants(of: links.owners)
    let owners = links.owners.filter { tenants[$0] == tenant }
    guard owners.count < Limits.ownersPerGroupMax else { throw ImportError.tooManyOwners }
    try tables.put(links.applying(GroupLinkChange(owners: owners + [user])), of: group)
    try append(user, tenant, Change.ownerships, ItemID(group.text), from: nil, to: nil)
  }

  private func add(_ user: StoredUser) throws {
    // Names that were read before another server wrote could have changed since.
    try tables.lock(user.id, of: user.tenant)
    let existing = try tables.user(user.id)
    guard existing.map({ $0.tenant == user.tenant }) ?? true else { throw ImportError.otherTenant }
    try tables.add(user.tenant)
    let old = existing?.version
    let new = StoredUser(
      id: user.id, tenant: user.tenant, principalName: user.principalName, displayName: user.displayName,
      version: .random(), json: user.json)
    switch try tables.put(new, replacing: existing) {
    case .principalName: throw ImportError.principalNameTaken
    case .mail: throw ImportError.mailTaken
    case nil: break
    }
    try append(user.id, user.tenant, nil, nil, from: old, to: new.version)
  }

  private mutating func add(_ item: StoredItem) throws {
    let state = try tables.state(of: item.key, for: .everything)
    guard let owner = state.owner else { throw ImportError.unknownPerson }
    let old = state.item
    try count(item, replacing: old)
    let new = item.with(.random())
    if let old { try tables.update(new, replacing: old) } else { try tables.insert(new) }
    try append(item.key.user, owner.tenant, item.key.collection, item.key.id, from: old?.version, to: new.version)
  }

  private mutating func count(_ item: StoredItem, replacing old: StoredItem?) throws {
    var usage: PersonQuota
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

  private func append(
    _ user: UserID, _ tenant: TenantID, _ collection: String?, _ item: ItemID?, from old: Version?, to new: Version?
  ) throws(Tables.Failure) {
    try tables.append(
      Change(
        time: time, kind: .imported, user: user, tenant: tenant, collection: collection, item: item, properties: [],
        versionBefore: old, versionAfter: new, actingUser: nil, actingApplication: nil))
  }
}
