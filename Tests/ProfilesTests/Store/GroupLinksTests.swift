import OData
import Testing

@testable import Profiles

@Suite("Links of groups")
struct GroupLinksTests {
  private static func group(_ text: String) -> GroupID { People.known(GroupID(text)) }
  private static func user(_ text: String) -> UserID { People.known(UserID(text)) }

  @Test("Links are read as they were written, in the order of their bytes, and none take no bytes")
  func storedForm() throws {
    #expect(GroupLinks().json == nil)
    #expect(GroupLinks(json: []) == GroupLinks())
    let links = GroupLinks(
      owners: ["b", "a\"ö", "B"].map(Self.user), groups: ["z", "10", "9"].map(Self.group), parents: [Self.group("p")])
    #expect(links.owners.map(\.text) == ["B", "a\"ö", "b"])
    #expect(links.groups.map(\.text) == ["10", "9", "z"])
    #expect(GroupLinks(json: try #require(links.json)) == links)
  }

  @Test(
    "What is no stored form is damage",
    arguments: [
      "x", "[]", "{\"owners\":1}", "{\"owners\":[1]}", "{\"owners\":[\"\"]}", "{\"groups\":[\".\"]}", "{\"colour\":[]}",
      "{\"owners\":[]} x",
    ])
  func damage(text: String) {
    #expect(GroupLinks(json: Array(text.utf8)) == nil)
  }

  @Test("Both ends of a nesting follow a change")
  func changes() {
    let (team, part, other) = (Self.group("team"), Self.group("part"), Self.group("other"))
    let links = GroupLinks(owners: [Self.user("a")], groups: [other], parents: [Self.group("all")])
    let changed = links.applying(GroupLinkChange(owners: [], added: [part], removed: [other]))
    #expect(changed == GroupLinks(groups: [part], parents: [Self.group("all")]))
    #expect(links.applying(GroupLinkChange(leavesParents: true)).parents.isEmpty)
    #expect(GroupLinks().joining(team).joining(team) == GroupLinks(parents: [team]))
    #expect(GroupLinks(parents: [team, other]).leaving(team) == GroupLinks(parents: [other]))
    #expect(GroupLinks(groups: [team, other]).without(team) == GroupLinks(groups: [other]))
  }

  @Test("The longest way counts steps, and a circle has none")
  func ways() {
    func longest(_ edges: [(String, [String])]) -> Int? {
      var reach = GroupReach()
      for (group, next) in edges { reach.add(Self.group(group), leadingTo: next.map(Self.group)) }
      return reach.longestWay
    }
    #expect(longest([("a", [])]) == 0)
    #expect(longest([("a", ["b", "c"]), ("b", ["c"]), ("c", [])]) == 2)
    #expect(longest([("a", ["d"]), ("d", []), ("b", ["c"]), ("c", ["e"]), ("e", ["d"])]) == 3)
    #expect(longest([("a", ["b"]), ("b", ["c"]), ("c", ["b"])]) == nil)
    #expect(longest([("a", ["a"])]) == nil)
  }
}

@Suite("Writes of the links of groups")
struct GroupLinkWritesTests {
  private static let (team, part) = (People.known(GroupID("team")), People.known(GroupID("part")))
  private static let (ann, bob) = (People.known(UserID("ann")), People.known(UserID("bob")))
  private static let stamp = People.stamp(People.application())

  private static func state(
    _ links: GroupLinks = GroupLinks(), people: [UserID: TenantID] = [ann: People.contoso, bob: People.contoso],
    nested: [GroupID: NestedGroup] = [part: NestedGroup(tenant: People.contoso, obstacle: nil)],
    of tenant: TenantID = People.contoso
  ) -> GroupState {
    let json = Array(#"{"id":"team","displayName":"Team"}"#.utf8)
    let group = StoredGroup(id: team, tenant: tenant, version: Version(number: 1), json: json)
    return GroupState(group: group, people: people, links: links, nested: nested)
  }

  private static func change(_ operation: some GroupOperation, _ state: GroupState) -> Result<
    GroupLinkChange, ProfileError
  > {
    do throws(ProfileError) {
      guard case .linking(let change, _) = try operation.change(state) else { return .success(GroupLinkChange()) }
      return .success(change)
    } catch {
      return .failure(error)
    }
  }

  @Test("A group is added once, of the same tenant alone, and not against an obstacle")
  func nesting() {
    let add = AddToGroup(group: Self.team, added: GroupAdditions(groups: [Self.part]), stamp: Self.stamp)
    #expect(add.linkedTenant == People.contoso && add.nested == [Self.part] && add.people.isEmpty)
    #expect(Self.change(add, Self.state()) == .success(GroupLinkChange(added: [Self.part])))
    #expect(Self.change(add, Self.state(GroupLinks(groups: [Self.part]))) == .failure(.alreadyMember))
    #expect(Self.change(add, Self.state(nested: [:])) == .failure(.groupNotFound))
    let foreign = [Self.part: NestedGroup(tenant: People.fabrikam, obstacle: nil)]
    #expect(Self.change(add, Self.state(nested: foreign)) == .failure(.groupNotFound))
    #expect(Self.change(add, Self.state(of: People.fabrikam)) == .failure(.groupNotFound))
    for obstacle in [NestingObstacle.circle, .tooDeep, .tooMany] {
      let state = Self.state(nested: [Self.part: NestedGroup(tenant: People.contoso, obstacle: obstacle)])
      #expect(Self.change(add, state) == .failure(.nesting(obstacle)))
    }
    let remove = RemoveNestedGroup(group: Self.team, member: Self.part, stamp: Self.stamp)
    #expect(Self.change(remove, Self.state()) == .failure(.groupNotFound))
    #expect(
      Self.change(remove, Self.state(GroupLinks(groups: [Self.part])))
        == .success(GroupLinkChange(removed: [Self.part])))
  }

  @Test("A group has at most so many groups as members")
  func room() {
    let groups = (1...Limits.groupsPerGroupMax).map { People.known(GroupID("g\($0)")) }
    let add = AddToGroup(group: Self.team, added: GroupAdditions(groups: [Self.part]), stamp: Self.stamp)
    #expect(Self.change(add, Self.state(GroupLinks(groups: groups))) == .failure(.nesting(.tooMany)))
    #expect(
      Self.change(add, Self.state(GroupLinks(groups: Array(groups.dropFirst()))))
        == .success(GroupLinkChange(added: [Self.part])))
  }

  @Test("Owners are people of the tenant, each once and so many; the last one stays, and who is gone does not count")
  func owners() throws {
    let add = AddToGroup(group: Self.team, added: GroupAdditions(owners: [Self.ann]), stamp: Self.stamp)
    let added = try Self.change(add, Self.state()).get()
    #expect(added.owners == [Self.ann])
    #expect(added.log.map(\.collection) == ["ownedObjects"] && added.log.map(\.kind) == [.created])
    #expect(Self.change(add, Self.state(GroupLinks(owners: [Self.ann]))) == .failure(.alreadyOwner))
    #expect(Self.change(add, Self.state(people: [:])) == .failure(.userNotFound))
    #expect(Self.change(add, Self.state(people: [Self.ann: People.fabrikam])) == .failure(.userNotFound))
    let others = (1...Limits.ownersPerGroupMax).map { People.known(UserID("u\($0)")) }
    var people = Dictionary(uniqueKeysWithValues: others.map { ($0, People.contoso) })
    people[Self.ann] = People.contoso
    #expect(Self.change(add, Self.state(GroupLinks(owners: others), people: people)) == .failure(.tooManyOwners))
    people[others[0]] = nil
    #expect(try Self.change(add, Self.state(GroupLinks(owners: others), people: people)).get().owners?.count == 100)
    let remove = RemoveOwner(group: Self.team, owner: Self.ann, stamp: Self.stamp)
    #expect(Self.change(remove, Self.state()) == .failure(.userNotFound))
    #expect(Self.change(remove, Self.state(GroupLinks(owners: [Self.ann]))) == .failure(.lastOwner))
    let gone = Self.state(GroupLinks(owners: [Self.ann, Self.bob]), people: [Self.ann: People.contoso])
    #expect(Self.change(remove, gone) == .failure(.lastOwner))
    #expect(try Self.change(remove, Self.state(GroupLinks(owners: [Self.ann, Self.bob]))).get().owners == [Self.bob])
  }

  @Test("A group that is deleted leaves all that it was linked to, and a write of people alone touches no links")
  func deletion() throws {
    let delete = DeleteGroup(group: Self.team, preconditions: .none, stamp: Self.stamp)
    let links = GroupLinks(owners: [Self.ann], groups: [Self.part], parents: [People.known(GroupID("all"))])
    let change = try Self.change(delete, Self.state(links)).get()
    #expect(change.removed == [Self.part] && change.leavesParents && change.owners == [])
    #expect(change.log.map(\.kind) == [.deleted] && change.log.map(\.user) == [Self.ann])
    let member = GroupAdditions(people: [Self.ann])
    #expect(AddToGroup(group: Self.team, added: member, stamp: Self.stamp).linkedTenant == nil)
    let patch = StructuredPatch(of: ProfileModel.group)
    func create(_ added: GroupAdditions) -> CreateGroup {
      CreateGroup(group: Self.team, added: added, patch: patch, stamp: Self.stamp)
    }
    #expect(create(member).linkedTenant == nil)
    #expect(create(GroupAdditions(owners: [Self.ann])).linkedTenant == People.contoso)
    #expect(create(GroupAdditions(groups: [Self.part])).nested == [Self.part])
  }

  @Test(
    "Properties that would promise what is not done cannot be set",
    arguments: [
      #"{"membershipRule":"user.department -eq 'A'"}"#, #"{"membershipRuleProcessingState":"On"}"#,
      #"{"isAssignableToRole":true}"#,
    ])
  func promises(body: String) throws {
    let patch = try EntityReader(.update).read(Array(body.utf8), as: ProfileModel.group)
    let update = UpdateGroup(
      group: Self.team, added: GroupAdditions(), patch: patch, preconditions: .none, stamp: Self.stamp)
    guard case .failure(.body(.invalidValue(let property, _))) = Self.change(update, Self.state()) else {
      Issue.record("\(body) is taken")
      return
    }
    #expect(body.contains("\"\(property)\""))
    let harmless = try EntityReader(.update).read(
      Array(#"{"isAssignableToRole":false,"membershipRule":null,"classification":"low"}"#.utf8), as: ProfileModel.group)
    let plain = UpdateGroup(
      group: Self.team, added: GroupAdditions(), patch: harmless, preconditions: .none, stamp: Self.stamp)
    #expect(throws: Never.self) { try plain.change(Self.state()) }
  }

  @Test(
    "Members of Graph's groups that concern mailboxes are refused by name",
    arguments: [
      "allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients",
      "isSubscribedByMail", "unseenCount", "isArchived",
    ])
  func mailboxes(name: String) {
    #expect(throws: BodyError.unknownProperty(name, type: "microsoft.graph.group", suggestion: nil)) {
      try EntityReader(.create).read(Array("{\"\(name)\":true}".utf8), as: ProfileModel.group)
    }
  }
}
