import OData
import Testing

@testable import Profiles

/// Who stands near whom, and that nothing counts which the caller may not see.
@Suite("People nearby")
struct PeopleOperationsTests {
  private static let everything: Set<Permission> = [.peopleReadAll, .userReadAll]
  private let ann = People.known(UserID("ann"))

  private func user(_ id: String, of tenant: TenantID = People.contoso, mail: String? = nil) throws -> StoredUser {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id)
    value.set("displayName", "Name of \(id)")
    value.set("userPrincipalName", "\(id)@contoso.example")
    value.set("mail", mail)
    value.set("jobTitle", "Engineer")
    value.set("mobilePhone", "0123")
    return StoredUser(id: try #require(UserID(id)), tenant: tenant, version: .first, value: value)
  }

  private func item(_ user: String, _ collection: String, _ json: String) throws -> StoredItem {
    let type = try #require(ProfileModel.collection(named: collection)?.target)
    let patch = try EntityReader(.restore).read(Array(json.utf8), as: type)
    let id = ItemID.random()
    let key = ItemKey(user: try #require(UserID(user)), collection: collection, id: id)
    var value = StructuredValue(patch, of: type)
    value.set("id", id.text, of: type)
    return StoredItem(key: key, version: .first, value: value, of: type)
  }

  /// Ann shares the group with Bob and Cy, lists Dan, worked with Eva on Apollo, and has nothing to do with Fay. Bob has a
  /// project Apollo that everybody of the tenant sees, Cy one that nobody sees.
  private func store(large: Bool = false) throws -> MemoryStore {
    let store = MemoryStore(
      users: [
        try user("ann"), try user("bob", mail: "bob@contoso.example"), try user("cy"), try user("dan"),
        try user("eva"), try user("fay"), try user("gus", of: People.fabrikam),
      ] + (large ? try (0...Limits.nearbyGroupMembersMax).map { try user("member\($0)") } : []),
      items: [
        try item("ann", "relationships", #"{"userId":"dan","relationship":"friend","allowedAudiences":"me"}"#),
        try item("ann", "relationships", #"{"userId":"gus","allowedAudiences":"me"}"#),
        try item("ann", "relationships", #"{"userId":"nobody","allowedAudiences":"me"}"#),
        try item(
          "ann", "projects",
          #"{"displayName":"Apollo","colleagues":[{"userId":"eva"},{"userId":"ann"}],"allowedAudiences":"me"}"#),
        try item("bob", "projects", #"{"displayName":"APOLLO","allowedAudiences":"organization"}"#),
        try item("cy", "projects", #"{"displayName":"Apollo","allowedAudiences":"me"}"#),
        try item("bob", "skills", #"{"displayName":"Machine learning","allowedAudiences":"organization"}"#),
        try item("cy", "skills", #"{"displayName":"Machine learning","allowedAudiences":"me"}"#),
        try item("dan", "languages", #"{"displayName":"Polish","tag":"pl","allowedAudiences":"organization"}"#),
      ])
    let extra = large ? (0...Limits.nearbyGroupMembersMax).map { "member\($0)" } : []
    try add("team", ["ann", "bob", "cy"] + extra, to: store)
    return store
  }

  private func add(_ id: String, _ members: [String], to store: MemoryStore) throws {
    var group = StructuredValue(of: ProfileModel.group)
    group.set("id", id, of: ProfileModel.group)
    group.set("displayName", id, of: ProfileModel.group)
    store.add(
      StoredGroup(id: try #require(GroupID(id)), tenant: People.contoso, version: .first, value: group),
      members: try members.map { try #require(UserID($0)) })
  }

  private func list(
    _ query: String = "", near reference: OwnerReference = .me, by caller: Caller, in store: MemoryStore? = nil
  ) throws -> Result<[VisibleObject], ProfileError> {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { .random() })
    let session = try ProfileService(
      store: try store ?? self.store(), environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() }
    ).makeSession { work in work() }
    let options = try QueryOptions(query.utf8, of: ProfileModel.person, supporting: .list)
    return try answer {
      session.people.list(near: reference, ListQuery(options, limit: 999), by: caller, $0)
    }.map(\.1.elements)
  }

  private func ids(
    _ query: String = "", near reference: OwnerReference = .me, by caller: Caller, in store: MemoryStore? = nil
  ) throws -> [String] {
    try list(query, near: reference, by: caller, in: store).get().map(\.id)
  }

  // MARK: Who

  @Test("Listed people, colleagues and members of a small group stand near, the nearest first")
  func own() throws {
    #expect(try ids(by: People.person(ann, [.peopleRead])) == ["dan", "eva", "bob", "cy"])
    #expect(try ids(by: People.person(ann, [.peopleRead, .userReadAll])) == ["dan", "bob", "eva", "cy"])
  }

  @Test("Of others, their own items count as far as they are visible, and with a permission to read them")
  func others() throws {
    let cy = People.known(UserID("cy"))
    #expect(try ids(near: .id(ann), by: People.person(cy, Self.everything)) == ["bob", "cy"])
    #expect(
      try ids(near: .id(ann), by: People.application(of: People.contoso, Self.everything))
        == ["dan", "bob", "cy", "eva"])
    #expect(try ids(near: .id(ann), by: People.application(of: People.contoso, [.peopleReadAll])) == ["bob", "cy"])
    #expect(try ids(near: .id(ann), by: People.person(ann, [.peopleRead])).first == "dan")
  }

  @Test("A group of too many people says nothing")
  func largeGroup() throws {
    #expect(try ids(by: People.person(ann, [.peopleRead]), in: store(large: true)) == ["dan", "eva"])
  }

  @Test("A person shows names, mail and job, and no number")
  func members() throws {
    let people = try list("$search=bob", by: People.person(ann, [.peopleRead])).get()
    let text = String(decoding: try #require(people.first).json, as: UTF8.self)
    #expect(people.count == 1 && people.first?.version == nil)
    for part in [
      #""id":"bob""#, #""displayName":"Name of bob""#, #""jobTitle":"Engineer""#, #""isFavorite":false"#,
      #""scoredEmailAddresses":[{"address":"bob@contoso.example","relevanceScore":10}]"#,
      #""personType":{"class":"Person","subclass":"OrganizationUser"}"#,
    ] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(!text.contains("0123"))
  }

  // MARK: Permissions

  @Test("Only the permissions on people open the list")
  func permissions() throws {
    let readers = Set(Permission.allCases).subtracting([.peopleRead, .peopleReadAll])
    #expect(
      try list(by: People.person(ann, readers)).failure
        == .insufficientPermissions([.peopleRead, .peopleReadAll], isDirectory: false))
    for caller in [
      People.person(People.known(UserID("bob")), readers.union([.peopleRead])),
      People.application(of: People.contoso, readers.union([.peopleRead])),
    ] {
      #expect(
        try list(near: .id(ann), by: caller).failure == .insufficientPermissions([.peopleReadAll], isDirectory: false))
    }
    #expect(try list(by: People.application(of: People.contoso, Self.everything)).failure == .meNeedsUser)
  }

  @Test("A person of another tenant does not exist")
  func otherTenant() throws {
    let gus = People.known(UserID("gus"))
    #expect(try list(near: .id(gus), by: People.person(ann, Self.everything)).failure == .userNotFound)
    #expect(try list(near: .id(ann), by: People.person(gus, of: People.fabrikam, Self.everything)).failure != nil)
  }

  // MARK: Searches

  @Test("Names and mail addresses are searched, and nothing else")
  func names() throws {
    let caller = People.person(ann, [.peopleRead])
    for (search, found) in [
      ("dan", ["dan"]), ("NAME", ["dan", "eva", "bob", "cy"]), ("engineer", []), ("\"displayName:bob\"", ["bob"]),
      ("\"surname:bob\"", []), ("bob OR eva", ["eva", "bob"]), ("NOT bob", ["dan", "eva", "cy"]), ("fay", []),
    ] {
      let query = "$search=" + search.replacing(" ", with: "%20").replacing("\"", with: "%22")
      #expect(try ids(query, by: caller) == found, "\(search)")
    }
  }

  @Test("A prefix searches visible items, with a permission to read profiles of others")
  func items() throws {
    let caller = People.person(ann, [.peopleRead, .userReadAll])
    for (search, found) in [
      ("skill:machine", ["bob"]), ("\"skill: machine learning\"", ["bob"]), ("language:pl", ["dan"]),
      ("project:apollo", ["bob"]), ("skill:machine OR language:polish", ["dan", "bob"]), ("skill:polish", []),
      ("NOT skill:machine", ["dan", "eva", "cy"]),
    ] {
      let query = "$search=" + search.replacing(" ", with: "%20").replacing("\"", with: "%22")
      #expect(try ids(query, by: caller) == found, "\(search)")
      #expect(
        try list(query, by: People.person(ann, [.peopleRead])).failure
          == .insufficientPermissions([.userReadAll, .userReadWriteAll], isDirectory: false), "\(search)")
    }
    let application = People.application(of: People.contoso, Self.everything)
    #expect(try ids("$search=skill:machine", near: .id(ann), by: application) == ["bob", "cy"])
  }

  @Test("A search looks for so many terms in items, and for no more")
  func termsMax() throws {
    let caller = People.person(ann, [.peopleRead, .userReadAll])
    let terms = (0...Limits.nearbyItemTermsMax).map { "skill:t\($0)" }
    #expect(try ids("$search=" + terms.dropLast().joined(separator: "%20OR%20"), by: caller).isEmpty)
    #expect(try list("$search=" + terms.joined(separator: "%20OR%20"), by: caller).failure == .searchTooWide)
  }

  // MARK: Bounds

  /// Ann, and others in groups of `size` with her, all of them small enough to say something.
  private func groups(_ count: Int, of size: Int, items: (String) throws -> [StoredItem] = { _ in [] }) throws
    -> (store: MemoryStore, others: [String])
  {
    let groups = (0..<count).map { group in (0..<size).map { "g\(100 + group)m\(1_000 + $0)" } }
    let others = groups.flatMap(\.self)
    let store = MemoryStore(users: try (["ann"] + others).map { try user($0) }, items: try others.flatMap(items))
    for (number, members) in groups.enumerated() { try add("g\(100 + number)", ["ann"] + members, to: store) }
    return (store, others)
  }

  @Test("So many groups of a person are looked at, and groups of so many members")
  func groupBounds() throws {
    let caller = People.person(ann, [.peopleRead])
    let many = try groups(Limits.nearbyGroupsMax + 1, of: 1)
    #expect(try ids(by: caller, in: many.store) == Array(many.others.dropLast()))
    let full = try groups(1, of: Limits.nearbyGroupMembersMax - 1)
    #expect(try ids(by: caller, in: full.store).count == Limits.nearbyGroupMembersMax - 1)
    let large = try groups(1, of: Limits.nearbyGroupMembersMax)
    #expect(try ids(by: caller, in: large.store).isEmpty)
  }

  @Test("So many people are named by relationships, and so many are listed")
  func peopleBounds() throws {
    let caller = People.person(ann, [.peopleRead])
    let names = (0...Limits.nearbyNamedMax).map { "friend\(1_000 + $0)" }
    let store = MemoryStore(
      users: try (["ann"] + names).map { try user($0) },
      items: try names.map { try item("ann", "relationships", #"{"userId":"\#($0)"}"#) })
    #expect(try ids(by: caller, in: store).count == Limits.nearbyNamedMax)
    let size = Limits.nearbyGroupMembersMax - 1
    let near = try groups(Limits.nearbyPeopleMax / size + 1, of: size)
    #expect(try ids(by: caller, in: near.store) == Array(near.others.prefix(Limits.nearbyPeopleMax)))
  }

  @Test("A search looks into so many profiles, and so many bytes of them")
  func profileBounds() throws {
    let caller = People.person(ann, [.peopleRead, .userReadAll])
    let size = Limits.nearbyProfilesMax / 2 + 1
    let short = try groups(2, of: size) {
      [try self.item($0, "skills", #"{"displayName":"a","allowedAudiences":"organization"}"#)]
    }
    #expect(
      try ids("$search=skill:a", by: caller, in: short.store) == Array(short.others.prefix(Limits.nearbyProfilesMax)))
    let text = String(repeating: "a", count: 32 << 10)
    let long = try groups(1, of: 64) {
      [try self.item($0, "skills", #"{"displayName":"\#(text)","allowedAudiences":"organization"}"#)]
    }
    let found = try ids("$search=skill:a", by: caller, in: long.store)
    #expect(found == Array(long.others.prefix(found.count)))
    // One more than fits may be read.
    let fitting = Limits.nearbyProfileBytesMax / (32 << 10)
    #expect((fitting - 1...fitting).contains(found.count), "\(found.count)")
    #expect(try ids("$search=NOT%20skill:b", by: caller, in: long.store) == found)
  }

  // MARK: Pages

  @Test("Filters, orders and counts apply to who is listed")
  func queries() throws {
    let caller = People.person(ann, [.peopleRead])
    #expect(try ids("$filter=displayName%20eq%20'NAME%20OF%20cy'", by: caller) == ["cy"])
    #expect(try ids("$orderby=displayName", by: caller) == ["bob", "cy", "dan", "eva"])
    #expect(try ids("$skip=1&$top=2", by: caller) == ["eva", "bob", "cy"])
  }
}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
