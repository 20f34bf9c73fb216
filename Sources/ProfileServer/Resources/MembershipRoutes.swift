import OData
import Profiles

/// Routes of who is a member of what.
final class MembershipRoutes: RouteGroup {
  /// A list of the groups that somebody is in.
  struct GroupList: Sendable {
    /// Whether groups count that they are in through others.
    let extent: MembershipOperations.Extent
    /// Whether the path casts to groups, whose set the answer then belongs to.
    let isCast: Bool
  }

  /// A list of what is in a group.
  struct MemberList: Sendable {
    /// Whether that counts which is in it through other groups.
    let extent: MembershipOperations.Extent
    /// What is listed. A path that casts to a type lists one kind.
    let kind: MembershipOperations.Kind
  }

  /// An action that asks for the groups that somebody is in, directly or through others.
  enum Question: String, CaseIterable, Sendable {
    case getMemberGroups, getMemberObjects, checkMemberGroups, checkMemberObjects

    /// What the resource of the action is.
    var title: String {
      switch self {
      case .getMemberGroups: "Ids of the groups"
      case .getMemberObjects: "Ids of the directory objects"
      case .checkMemberGroups: "A check for groups"
      case .checkMemberObjects: "A check for directory objects"
      }
    }

    /// What the action does.
    var summary: String {
      switch self {
      case .getMemberGroups: "List the ids of all groups of"
      case .getMemberObjects: "List the ids of all groups and other objects that have as a member"
      case .checkMemberGroups: "Tell which of some groups have as a member"
      case .checkMemberObjects: "Tell which of some objects have as a member"
      }
    }

    /// Graph allows the list of groups to be narrowed for people alone, but Facet does for groups too.
    fileprivate var idsParameter: String? {
      switch self {
      case .getMemberGroups, .getMemberObjects: nil
      case .checkMemberGroups: "groupIds"
      case .checkMemberObjects: "ids"
      }
    }
  }

  // MARK: The groups that somebody is in

  /// Lists the groups of a person or a group (Graph pages on listing memberOf and transitiveMemberOf). Throws the error of
  /// an invalid request.
  func listGroups(
    _ exchange: Exchange, _ subject: MembershipOperations.Subject, _ list: GroupList, _ caller: Caller
  ) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.memberships.listGroups(of: subject, list.extent, page.query, by: caller) { [responses] in
      responses.finish(
        exchange, $0, page, setOf: list.isCast ? ProfileModel.group : ProfileModel.directoryObject,
        of: ProfileModel.group)
    }
  }

  /// Counts the groups of a person or a group.
  func countGroups(
    _ exchange: Exchange, _ subject: MembershipOperations.Subject, _ extent: MembershipOperations.Extent,
    _ caller: Caller
  ) {
    session.memberships.listGroups(of: subject, extent, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Answers an action with ids (Graph pages on getMemberGroups, getMemberObjects, checkMemberGroups and
  /// checkMemberObjects). Here all that has members is a group. Throws the error of an invalid body.
  func answer(
    _ question: Question, _ exchange: Exchange, _ subject: MembershipOperations.Subject, _ caller: Caller
  ) throws(GraphError) {
    let parameters = try requests.parameters(exchange, ofAction: question.rawValue)
    let then: Completion<[String]> = { [responses] in responses.finish(exchange, ids: $0) }
    if let name = question.idsParameter {
      let ids = try parameters.ids(name, countMax: Limits.idsCheckedMax)
      return session.memberships.groupIDs(among: ids, of: subject, by: caller, then)
    }
    session.memberships.groupIDs(
      of: subject, securityEnabledOnly: try parameters.flag("securityEnabledOnly") ?? false, by: caller, then)
  }

  // MARK: What is in a group

  /// Lists what is in a group. It may have several types, so each states its own. Throws the error of an invalid request.
  func listMembers(
    _ exchange: Exchange, _ id: GroupID, _ list: MemberList, _ caller: Caller
  ) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    let (set, type) =
      switch list.kind {
      case .everything: (ProfileModel.directoryObject, ProfileModel.user)
      case .people: (ProfileModel.user, ProfileModel.user)
      case .groups: (ProfileModel.group, ProfileModel.group)
      }
    session.memberships.listMembers(of: id, list.extent, list.kind, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: set, of: type)
    }
  }

  /// Counts what is in a group.
  func countMembers(_ exchange: Exchange, _ id: GroupID, _ list: MemberList, _ caller: Caller) {
    session.memberships.listMembers(of: id, list.extent, list.kind, requests.counting(exchange), by: caller) {
      [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Lists references to the members of a group (OData 4.01 part 1, 11.2.9). Throws the error of an invalid request.
  func listMemberReferences(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.memberships.listMembers(of: id, .direct, .everything, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, referencesTo: ProfileModel.directoryObject)
    }
  }

  /// Gets a member of a group. Throws the error of an invalid request.
  func readMember(_ exchange: Exchange, _ member: UserID, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    session.memberships.readMember(member, of: id, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  // MARK: Owners

  /// Lists the owners of a group. Throws the error of an invalid request.
  func listOwners(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    try listOwners(exchange, id, setOf: ProfileModel.directoryObject, caller)
  }

  /// Lists the owners of a group behind a cast to users. Throws the error of an invalid request.
  func listOwningUsers(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    try listOwners(exchange, id, setOf: ProfileModel.user, caller)
  }

  private func listOwners(
    _ exchange: Exchange, _ id: GroupID, setOf set: StructuredType, _ caller: Caller
  ) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.memberships.listOwners(of: id, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: set, of: ProfileModel.user)
    }
  }

  /// Counts the owners of a group.
  func countOwners(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) {
    session.memberships.listOwners(of: id, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Lists references to the owners of a group. Throws the error of an invalid request.
  func listOwnerReferences(_ exchange: Exchange, _ id: GroupID, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.memberships.listOwners(of: id, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, referencesTo: ProfileModel.directoryObject)
    }
  }
}
