import OData

/// What ties a group to others: its owners, the groups that are its members, and the groups that it is a member of. They
/// are few, so that a store keeps them with the group; the people in a group are kept apart.
///
/// Both ends of a nesting are kept, so that each read goes by ids. Ids are in the order of their bytes.
public struct GroupLinks: Equatable, Sendable {
  /// The owners, who gain no rights by it. A person who was deleted is taken out; one whom earlier builds left in counts as
  /// absent.
  public private(set) var owners: [UserID] = []
  /// The groups that are members of the group.
  public private(set) var groups: [GroupID] = []
  /// The groups that the group is a member of.
  public private(set) var parents: [GroupID] = []

  /// No links.
  public init() {}

  /// Links from their parts, in any order.
  public init(owners: [UserID] = [], groups: [GroupID] = [], parents: [GroupID] = []) {
    self.owners = Self.sorted(owners, \.text)
    self.groups = Self.sorted(groups, \.text)
    self.parents = Self.sorted(parents, \.text)
  }

  /// The links of the group that a change is about.
  public func applying(_ change: GroupLinkChange) -> GroupLinks {
    GroupLinks(
      owners: change.owners ?? owners, groups: groups.filter { !change.removed.contains($0) } + change.added,
      parents: change.leavesParents ? [] : parents)
  }

  /// The links of a group that is a member of one more group.
  public func joining(_ parent: GroupID) -> GroupLinks {
    GroupLinks(owners: owners, groups: groups, parents: parents.filter { $0 != parent } + [parent])
  }

  /// The links of a group that a person owns no longer.
  public func without(_ owner: UserID) -> GroupLinks {
    GroupLinks(owners: owners.filter { $0 != owner }, groups: groups, parents: parents)
  }

  /// The links of a group that is no longer a member of a group.
  public func leaving(_ parent: GroupID) -> GroupLinks {
    GroupLinks(owners: owners, groups: groups, parents: parents.filter { $0 != parent })
  }

  /// The links of a group that another one is no longer a member of.
  public func without(_ group: GroupID) -> GroupLinks {
    GroupLinks(owners: owners, groups: groups.filter { $0 != group }, parents: parents)
  }

  /// Sorts as a store sorts keys.
  private static func sorted<ID>(_ ids: [ID], _ text: (ID) -> String) -> [ID] {
    ids.sorted { text($0).utf8.lexicographicallyPrecedes(text($1).utf8) }
  }
}

// MARK: The stored form

extension GroupLinks {
  /// The links as a store keeps them; nil when there are none.
  public var json: [UInt8]? {
    guard self != GroupLinks() else { return nil }
    var json = JSONWriter(capacity: 64 + 40 * (owners.count + groups.count + parents.count))
    json.beginObject()
    json.member("owners", owners.map(\.text))
    json.member("groups", groups.map(\.text))
    json.member("parents", parents.map(\.text))
    json.endObject()
    return json.bytes
  }

  /// Bytes that the stored form holds wherever it names an id, by which a store finds the groups of a person without an
  /// index. A group may have the same id.
  public static func mark(of owner: UserID) -> [UInt8] {
    var json = JSONWriter()
    json.string(owner.text)
    return json.bytes
  }

  /// The links of the stored form; nil when it is damaged. No bytes stand for no links.
  public init?(json: [UInt8]) {
    guard !json.isEmpty else { return }
    let links = json.withUnsafeBufferPointer { bytes in try? Self.read(bytes) }
    guard let links else { return nil }
    self = links
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws -> GroupLinks? {
    var reader = JSONReader(bytes, dialect: .strict)
    var (owners, groups, parents): ([UserID?], [GroupID?], [GroupID?]) = ([], [], [])
    try reader.beginObject()
    while let name = try reader.nextName() {
      switch name.string {
      case "owners": owners = try reader.readTexts().map(UserID.init)
      case "groups": groups = try reader.readTexts().map(GroupID.init)
      case "parents": parents = try reader.readTexts().map(GroupID.init)
      default: return nil
      }
    }
    try reader.finish()
    let links = GroupLinks(
      owners: owners.compactMap(\.self), groups: groups.compactMap(\.self), parents: parents.compactMap(\.self))
    let isWhole =
      links.owners.count == owners.count && links.groups.count == groups.count && links.parents.count == parents.count
    return isWhole ? links : nil
  }
}

extension JSONReader {
  /// Reads an array of strings.
  fileprivate mutating func readTexts() throws -> [String] {
    var texts: [String] = []
    try beginArray()
    while try nextElement() { texts.append(try readString().string) }
    return texts
  }
}

// MARK: In a store

/// A group as others are linked to it.
public struct LinkedGroup: Equatable, Sendable {
  /// The tenant of the group. Links never leave it.
  public let tenant: TenantID
  /// The links of the group.
  public let links: GroupLinks

  /// A group from the parts that a store reads.
  public init(tenant: TenantID, links: GroupLinks) {
    self.tenant = tenant
    self.links = links
  }
}

/// What a write changes of the links of a group, and with them of the groups at their other ends.
public struct GroupLinkChange: Equatable, Sendable {
  /// The owners from now on; nil when they stay.
  public var owners: [UserID]?
  /// The groups that become members.
  public var added: [GroupID]
  /// The groups that are no longer members.
  public var removed: [GroupID]
  /// Whether the group leaves every group that it is a member of, since it is deleted.
  public var leavesParents: Bool
  /// The rows of the audit log for people who become owners or are no longer owners.
  public var log: [Change]

  /// A change; by default of nothing.
  public init(
    owners: [UserID]? = nil, added: [GroupID] = [], removed: [GroupID] = [], leavesParents: Bool = false,
    log: [Change] = []
  ) {
    self.owners = owners
    self.added = added
    self.removed = removed
    self.leavesParents = leavesParents
    self.log = log
  }
}

/// Why a group cannot become a member of another one.
public enum NestingObstacle: Error, Equatable, Sendable {
  /// The other group is a member of it, directly or through others, or it is the same group.
  case circle
  /// More than `Limits.groupLevelsMax` groups would lie in one another.
  case tooDeep
  /// More than `Limits.groupRelativesMax` groups lie above or below, or `Limits.groupsPerGroupMax` directly.
  case tooMany
}

/// A group that a write names as a member, as a store finds it.
public struct NestedGroup: Equatable, Sendable {
  /// The tenant of the group.
  public let tenant: TenantID
  /// Why it cannot become a member; nil when it can.
  public let obstacle: NestingObstacle?

  /// A group that was found.
  public init(tenant: TenantID, obstacle: NestingObstacle?) {
    self.tenant = tenant
    self.obstacle = obstacle
  }
}

/// Groups that were reached over links, for the bound on how many lie in one another.
public struct GroupReach: Sendable {
  /// For each group whose links were followed, where they lead.
  private var edges: [GroupID: [GroupID]] = [:]

  /// Nothing reached yet.
  public init() {}

  /// Adds a group and where its links lead.
  public mutating func add(_ group: GroupID, leadingTo next: [GroupID]) { edges[group] = next }

  /// Whether the links of a group were added.
  public func contains(_ group: GroupID) -> Bool { edges[group] != nil }

  /// The number of groups.
  public var count: Int { edges.count }

  /// The length of the longest way over links, in steps; nil when there is a circle.
  public var longestWay: Int? {
    var incoming: [GroupID: Int] = [:]
    for next in edges.values.joined() { incoming[next, default: 0] += 1 }
    let count = Set(edges.keys).union(incoming.keys).count
    var ready = edges.keys.filter { incoming[$0] == nil }
    var lengths: [GroupID: Int] = [:]
    var (visited, longest) = (0, 0)
    while let group = ready.popLast() {
      visited += 1
      let length = lengths[group] ?? 0
      longest = max(longest, length)
      for next in edges[group] ?? [] {
        lengths[next] = max(lengths[next] ?? 0, length + 1)
        incoming[next, default: 0] -= 1
        if incoming[next] == 0 { ready.append(next) }
      }
    }
    // The groups of a circle are never ready.
    return visited == count ? longest : nil
  }
}
