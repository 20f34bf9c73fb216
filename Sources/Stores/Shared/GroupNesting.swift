import OData
import Profiles

/// Finds out whether groups can become members of another one, inside an open transaction of any database.
///
/// What is above the one and below the other is bounded (`Limits.groupRelativesMax`), and is read level by level.
struct GroupNesting<Tables: WriteTables> {
  let tables: Tables
  /// The group that others are to be members of, which may not exist yet.
  let group: GroupID
  /// The links of that group.
  let links: GroupLinks

  /// Those of the candidates that exist, each with what keeps it out.
  func states(of candidates: [GroupID]) throws(Tables.Failure) -> [GroupID: NestedGroup] {
    guard !candidates.isEmpty else { return [:] }
    let found = try tables.links(of: candidates)
    guard !found.isEmpty else { return [:] }
    let above = try reach(from: group, links.parents, \.parents)
    var states: [GroupID: NestedGroup] = [:]
    for (candidate, linked) in found {
      let obstacle = try obstacle(of: candidate, linked.links, above)
      states[candidate] = NestedGroup(tenant: linked.tenant, obstacle: obstacle)
    }
    return states
  }

  private func obstacle(
    of candidate: GroupID, _ links: GroupLinks, _ above: GroupReach?
  ) throws(Tables.Failure) -> NestingObstacle? {
    guard let above else { return .tooMany }
    guard !above.contains(candidate) else { return .circle }
    guard links.parents.count < Limits.groupsPerGroupMax else { return .tooMany }
    guard let below = try reach(from: candidate, links.groups, \.groups) else { return .tooMany }
    // A circle that is stored already can only come from damage.
    guard let up = above.longestWay, let down = below.longestWay else { return .circle }
    // Steps lie between groups: the new one comes in addition, and there is one group more than steps.
    return up + down + 2 <= Limits.groupLevelsMax ? nil : .tooDeep
  }

  /// The group and all that its links lead to; nil when those are more than `Limits.groupRelativesMax`.
  private func reach(
    from start: GroupID, _ first: [GroupID], _ next: (GroupLinks) -> [GroupID]
  ) throws(Tables.Failure) -> GroupReach? {
    var reach = GroupReach()
    reach.add(start, leadingTo: first)
    var level = first
    while !level.isEmpty {
      guard reach.count + level.count <= Limits.groupRelativesMax + 1 else { return nil }
      var following: Set<GroupID> = []
      for (group, linked) in try tables.links(of: level) {
        reach.add(group, leadingTo: next(linked.links))
        following.formUnion(next(linked.links))
      }
      level = following.filter { !reach.contains($0) }
    }
    return reach
  }
}

extension WriteApplier {
  /// Changes the links of a group, and of the groups at their other ends.
  func link(_ change: GroupLinkChange, _ group: GroupID, _ old: GroupLinks) throws(Tables.Failure) {
    let new = old.applying(change)
    if new != old { try tables.put(new, of: group) }
    for (member, linked) in try tables.links(of: change.added) {
      try tables.put(linked.links.joining(group), of: member)
    }
    for (member, linked) in try tables.links(of: change.removed) {
      try tables.put(linked.links.leaving(group), of: member)
    }
    if change.leavesParents {
      for (parent, linked) in try tables.links(of: old.parents) {
        try tables.put(linked.links.without(group), of: parent)
      }
    }
    for row in change.log { try tables.append(row) }
  }
}
