import OData
import Testing

@testable import Profiles

@Suite("Properties of a person that are made of items")
struct ProjectedReadTests {
  private static func user(_ id: UserID) -> StoredUser {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id.text)
    value.set("displayName", id.text)
    return StoredUser(id: id, tenant: People.contoso, version: .first, value: value)
  }

  /// Items as an import reads them, two of each collection: one that colleagues see, and one for the owner.
  private static func items() throws -> [StoredItem] {
    let reader = ImportLineReader(
      defaultTenant: People.contoso, environment: ServiceEnvironment(now: { People.now }, makeID: { .random() }))
    let contents = [
      ("notes", #""detail":{"contentType":"text","content":"TEXT"}"#), ("names", #""first":"TEXT""#),
      ("anniversaries", #""type":"birthday","date":"1980-01-08""#),
      ("anniversaries", #""type":"work","date":"2012-09-03""#), ("interests", #""displayName":"TEXT""#),
      ("websites", #""webUrl":"TEXT""#), ("projects", #""displayName":"TEXT""#),
      ("responsibilities", #""displayName":"TEXT""#),
      ("educationalActivities", #""institution":{"displayName":"TEXT"}"#), ("skills", #""displayName":"TEXT""#),
    ]
    return try contents.enumerated().flatMap { index, content in
      try [("organization", "shown"), ("me", "hidden")].enumerated().map { place, audience in
        let item = """
          {"id":"i\(index)\(place)","allowedAudiences":"\(audience.0)",\
          "createdDateTime":"2024-02-0\(place + 1)T12:00:00Z",\(content.1.replacing("TEXT", with: audience.1))}
          """
        let line = #"{"userId":"\#(People.innocenty.text)","collection":"\#(content.0)","item":\#(item)}"#
        guard case .item(let item) = try reader.line(Array(line.utf8)) else { throw ProfileError.itemNotFound }
        return item
      }
    }
  }

  private static func session() throws -> ProfileSession {
    let store = MemoryStore(
      users: [user(People.innocenty), user(People.colleague)], items: try items())
    let environment = ServiceEnvironment(now: { People.now }, makeID: { PagePhone.key.id })
    return try ProfileService(store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
      .makeSession { work in work() }
  }

  private static let computed = ProfileModel.user.properties.filter { $0.traits.contains(.computed) }

  private func read(_ caller: Caller) throws -> Result<VisibleObject, ProfileError> {
    let session = try Self.session()
    return try answer { session.users.read(.id(People.innocenty), computing: Self.computed, by: caller, $0) }
  }

  @Test("There are ten, each of a declared collection")
  func declared() {
    #expect(
      Self.computed.map(\.name).sorted() == [
        "aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName", "responsibilities",
        "schools", "skills",
      ])
    for projection in UserProjection.all {
      #expect(ProfileModel.collections.contains { $0.name == projection.collection }, "\(projection.property)")
    }
  }

  @Test("The owner and applications get them from all items, a colleague from those that they may see")
  func visibility() throws {
    for (caller, hides) in [
      (People.person(People.innocenty), false), (People.application(), false),
      (People.person(People.colleague, [.userReadAll]), true),
    ] {
      let value = try #require(try read(caller).get().value)
      let lists = ["interests", "pastProjects", "responsibilities", "schools", "skills"]
      for name in lists { #expect(value.texts(name) == (hides ? ["shown"] : ["shown", "hidden"]), "\(name)") }
      for name in ["aboutMe", "preferredName", "mySite"] { #expect(value.string(name) == "shown", "\(name)") }
      let birthday = try #require(ProfileModel.user.property(named: "birthday"))
      let hireDate = try #require(ProfileModel.user.property(named: "hireDate"))
      #expect(value.members[birthday.index] == .dateTime(try DateTimeOffset("1980-01-08T00:00:00Z".utf8)))
      #expect(value.members[hireDate.index] == .dateTime(try DateTimeOffset("2012-09-03T00:00:00Z".utf8)))
      // An entity tag would not tell when an item changes.
      #expect(try read(caller).get().version == nil)
    }
  }

  @Test("They take a permission on profiles")
  func permission() throws {
    let basic = People.person(People.colleague, [.userReadBasicAll])
    guard case .failure(.insufficientPermissions(let sufficient, isDirectory: false)) = try read(basic) else {
      Issue.record("The permission on basic properties was enough")
      return
    }
    #expect(sufficient == [.userReadAll, .userReadWriteAll])
  }
}
