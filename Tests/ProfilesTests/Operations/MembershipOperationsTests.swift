import OData
import Testing

@testable import Profiles

@Suite("Memberships")
struct MembershipOperationsTests {
  private static func id(_ text: String) -> GroupID { People.known(GroupID(text)) }

  private static func group(_ id: String, isSecure: Bool = false) -> StoredGroup {
    let json = #"{"id":"\#(id)","displayName":"\#(id)","securityEnabled":\#(isSecure)}"#
    return StoredGroup(
      id: Self.id(id), tenant: People.contoso, version: Version(number: 1), json: Array(json.utf8))
  }

  private static func person(_ id: String) -> StoredUser {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id)
    value.set("displayName", "Person \(id)")
    return StoredUser(id: People.known(UserID(id)), tenant: People.contoso, version: .first, value: value)
  }

  private static func session(_ store: MemoryStore) throws -> ProfileSession {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { PagePhone.key.id })
    return try ProfileService(store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
      .makeSession { work in work() }
  }

  private static func answer<Answer>(
    _ call: (@escaping (Result<Answer, ProfileError>) -> Void) -> Void
  ) throws -> Result<Answer, ProfileError> {
    var answers: [Result<Answer, ProfileError>] = []
    call { answers.append($0) }
    #expect(answers.count == 1)
    return try #require(answers.first)
  }

  private static let reader = People.application()

  /// A person in the lowest of `count` groups, of which each lies in the next one.
  private static func chain(_ count: Int) -> MemoryStore {
    let store = MemoryStore(users: [person("ann")])
    for number in 0..<count {
      store.put(
        group("g\(number)", isSecure: number % 2 == 0), members: number == 0 ? [person("ann").id] : [],
        GroupLinks(
          groups: number > 0 ? [id("g\(number - 1)")] : [], parents: number < count - 1 ? [id("g\(number + 1)")] : []))
    }
    return store
  }

  @Test(
    "A walk finds each group once, in the order of ids, up to its bound and no further", arguments: [1, 64, 65, 200])
  func walks(count: Int) throws {
    let store = Self.chain(count)
    let context = try Self.session(store).context
    let all = (0..<count).map { "g\($0)" }.sorted()
    let up = try Self.answer { GroupWalk.run(context, from: [Self.id("g0"), Self.id("g0")], .up, countMax: count, $0) }
    #expect(try up.get().map(\.text) == all)
    let down = try Self.answer { GroupWalk.run(context, from: [Self.id("g\(count - 1)")], .down, countMax: count, $0) }
    #expect(try down.get().map(\.text) == all)
    let tooMany = try Self.answer { GroupWalk.run(context, from: [Self.id("g0")], .up, countMax: count - 1, $0) }
    #expect(throws: ProfileError.tooManyResults) { try tooMany.get() }
  }

  @Test("Ids of groups are those of all groups above, or of the secure ones alone, and a check keeps the order")
  func ids() throws {
    let session = try Self.session(Self.chain(70))
    let ann = MembershipOperations.Subject.person(.id(Self.person("ann").id))
    func ids(_ isSecure: Bool, _ subject: MembershipOperations.Subject) throws -> [String] {
      try Self.answer {
        session.memberships.groupIDs(of: subject, securityEnabledOnly: isSecure, by: Self.reader, $0)
      }.get()
    }
    #expect(try ids(false, ann) == (0..<70).map { "g\($0)" }.sorted())
    #expect(try ids(true, ann) == stride(from: 0, to: 70, by: 2).map { "g\($0)" }.sorted())
    #expect(try ids(false, .group(Self.id("g68"))) == ["g69"])
    #expect(try ids(false, .object(People.known(UserID("g68")))) == ["g69"])
    #expect(try ids(false, .object(Self.person("ann").id)).count == 70)
    let checked = try Self.answer {
      session.memberships.groupIDs(among: ["g9", "x", "g1", "ann"], of: ann, by: Self.reader, $0)
    }
    #expect(try checked.get() == ["g9", "g1"])
  }

  @Test("What is asked for by ids is answered up to a bound in bytes", arguments: [0, 1])
  func byIDs(excess: Int) throws {
    let names = (0..<130).map { "p\($0)" }
    var people = names.map { Self.person($0) }
    let missing = Limits.foundBytesMax - people.reduce(0) { $0 + $1.completeJSON.count }
    // The last one, so that all pieces are read.
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", "p129")
    value.set("displayName", "Person p129" + String(repeating: "x", count: missing + excess))
    people[129] = StoredUser(
      id: People.known(UserID("p129")), tenant: People.contoso, version: .first, value: value)
    let session = try Self.session(MemoryStore(users: people))
    let found = try Self.answer {
      session.directoryObjects.read(
        names.map { People.known(UserID($0)) }, of: [.people, .groups], by: Self.reader, $0)
    }
    if excess > 0 {
      #expect(throws: ProfileError.answerTooLarge) { try found.get() }
    } else {
      #expect(try found.get().map(\.id) == names)
    }
  }

  /// The ids of a page, with those that are read when it is sent.
  private static func ids(of page: Listing<VisibleObject>) throws -> [String] {
    var ids = page.elements.map(\.id)
    while let piece = try page.rest.flatMap({ rest in try answer { rest.next($0) }.get() }) { ids += piece.map(\.id) }
    return ids
  }

  /// A group with people, and groups in it whose people are partly the same.
  private static func tree(_ sizes: [Int]) -> (store: MemoryStore, people: Set<String>) {
    let people = (0..<400).map { Self.person("p\($0)") }
    let store = MemoryStore(users: people)
    var found: Set<String> = []
    for (number, size) in sizes.enumerated() {
      let members = (0..<size).map { people[($0 * (number + 1) + number) % people.count].id }
      found.formUnion(members.map(\.text))
      let nested = number == 0 ? (1..<sizes.count).map { id("g\($0)") } : []
      store.put(
        group("g\(number)"), members: Array(Set(members)),
        GroupLinks(groups: nested, parents: number == 0 ? [] : [id("g0")]))
    }
    return (store, found)
  }

  @Test(
    "Transitive members are people and groups in the order of ids, each once, however pages are cut",
    arguments: [[0, 0], [1, 1], [0, 64, 65], [5, 300, 0, 1], [399, 300, 200], [3, 3, 3, 3, 3, 3, 3, 3, 3, 3]])
  func transitiveMembers(sizes: [Int]) throws {
    let (store, people) = Self.tree(sizes)
    let session = try Self.session(store)
    let groups = (1..<sizes.count).map { "g\($0)" }
    for (kind, wanted) in [
      (MembershipOperations.Kind.everything, (people.union(groups)).sorted()), (.people, people.sorted()),
      (.groups, groups.sorted()),
    ] {
      for limit in [1, 7, 64, 100, 999] where limit > 1 || wanted.count < 100 {
        var (found, place): ([String], KeysetPosition?) = ([], nil)
        repeat {
          let query = ListQuery(QueryOptions(), limit: limit, after: place)
          let page = try Self.answer {
            session.memberships.listMembers(of: Self.id("g0"), .transitive, kind, query, by: Self.reader, $0)
          }.get()
          let ids = try Self.ids(of: page)
          #expect(ids.count <= limit)
          found += ids
          place = page.next
        } while place != nil
        #expect(found == wanted, "\(kind), pages of \(limit)")
      }
      let count = try Self.answer {
        session.memberships.listMembers(
          of: Self.id("g0"), .transitive, kind, ListQuery(QueryOptions(), limit: 0).counting, by: Self.reader, $0)
      }.get()
      #expect(count.count == wanted.count)
    }
  }

  @Test(
    "More groups than are read at once are listed among people, directly and transitively",
    arguments: [MembershipOperations.Extent.direct, .transitive], [0, 1, 70, 300])
  func manyGroups(extent: MembershipOperations.Extent, people count: Int) throws {
    let nested = (0..<(2 * Limits.loopRowsMax + 2)).map { "g\($0)" }
    // Ids before, among and behind those of the groups.
    let people = (0..<count).map { Self.person(["a\($0)", "g\($0)x", "p\($0)"][$0 % 3]) }
    let store = MemoryStore(users: people)
    store.put(Self.group("top"), members: people.map(\.id), GroupLinks(groups: nested.map(Self.id)))
    for name in nested { store.put(Self.group(name), GroupLinks(parents: [Self.id("top")])) }
    let session = try Self.session(store)
    for limit in [7, 64, 999] {
      var (found, place): ([String], KeysetPosition?) = ([], nil)
      repeat {
        let query = ListQuery(QueryOptions(), limit: limit, after: place)
        let page = try Self.answer {
          session.memberships.listMembers(of: Self.id("top"), extent, .everything, query, by: Self.reader, $0)
        }.get()
        found += try Self.ids(of: page)
        place = page.next
      } while place != nil
      #expect(found == (nested + people.map(\.id.text)).sorted(), "pages of \(limit)")
    }
  }

  @Test("People who are too large to be kept for each of their groups are listed all the same, once")
  func largePeople() throws {
    let people = (0..<20).map { number in
      var value = StructuredValue(of: ProfileModel.user)
      value.set("id", "p\(number)")
      value.set("displayName", String(repeating: "x", count: 60_000))
      return StoredUser(
        id: People.known(UserID("p\(number)")), tenant: People.contoso, version: .first, value: value)
    }
    let nested = (0..<70).map { "g\($0)" }
    let store = MemoryStore(users: people)
    store.put(Self.group("top"), GroupLinks(groups: nested.map(Self.id)))
    for name in nested { store.put(Self.group(name), members: people.map(\.id), GroupLinks(parents: [Self.id("top")])) }
    // More than may be kept.
    #expect(nested.count * Limits.mergedRowsMin * 60_000 > Limits.mergedBytesMax)
    let session = try Self.session(store)
    func list(_ query: ListQuery) throws -> Listing<VisibleObject> {
      try Self.answer {
        session.memberships.listMembers(of: Self.id("top"), .transitive, .people, query, by: Self.reader, $0)
      }.get()
    }
    for limit in [1, 7, 64] {
      var (found, place): ([String], KeysetPosition?) = ([], nil)
      repeat {
        let page = try list(ListQuery(QueryOptions(), limit: limit, after: place))
        found += try Self.ids(of: page)
        place = page.next
      } while place != nil
      #expect(found == people.map(\.id.text).sorted(), "pages of \(limit)")
    }
    #expect(try list(ListQuery(QueryOptions(), limit: 0).counting).count == people.count)
  }

  @Test("Who may not read groups learns nothing of them, and a group that is not there is not found")
  func refusals() throws {
    let session = try Self.session(Self.chain(2))
    let caller = People.person(Self.person("ann").id, [.userRead])
    for subject in [MembershipOperations.Subject.group(Self.id("g0")), .person(.id(People.colleague))] {
      let refused = try Self.answer {
        session.memberships.groupIDs(of: subject, securityEnabledOnly: false, by: caller, $0)
      }
      guard case .failure(.insufficientPermissions(let sufficient, true)) = refused else {
        Issue.record("\(refused)")
        continue
      }
      #expect(sufficient.first == .groupMemberReadAll)
    }
    let own = try Self.answer {
      session.memberships.groupIDs(of: .person(.me), securityEnabledOnly: false, by: caller, $0)
    }
    #expect(try own.get() == ["g0", "g1"])
    let missing = try Self.answer {
      session.memberships.groupIDs(of: .object(People.colleague), securityEnabledOnly: false, by: Self.reader, $0)
    }
    #expect(throws: ProfileError.userNotFound) { try missing.get() }
  }
}
