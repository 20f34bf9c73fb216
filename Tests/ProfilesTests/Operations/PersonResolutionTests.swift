import OData
import Testing

@testable import Profiles

/// Where an id and a principal name are equal the id counts, and a principal name alone is enough.
@Suite("Person resolution")
struct PersonResolutionTests {
  private let phones: NavigationProperty
  private let relationships: NavigationProperty

  init() throws {
    phones = try #require(ProfileModel.collection(named: "phones"))
    relationships = try #require(ProfileModel.collection(named: Relationship.collection))
  }

  private func user(_ id: String, named name: String?, of tenant: TenantID = People.contoso) throws -> StoredUser {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id)
    value.set("displayName", id)
    value.set("userPrincipalName", name)
    return StoredUser(id: try #require(UserID(id)), tenant: tenant, version: .first, value: value)
  }

  /// Ann, whose login is `alogin`; Bob, who has her id for a name; Dora of another tenant, whose id is Emil's name.
  private func store() throws -> MemoryStore {
    MemoryStore(
      users: [
        try user("ann", named: "ALogin"), try user("bob", named: "ann"), try user("cy", named: "Cy@contoso.example"),
        try user("x@y", named: nil), try user("dan", named: "X@Y"), try user("emil", named: "dora"),
        try user("dora", named: nil, of: People.fabrikam),
      ], items: [])
  }

  private func session(_ store: MemoryStore, _ policy: TenantPolicy = TenantPolicy()) throws -> ProfileSession {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { .random() })
    store.decide(policy)
    return try ProfileService(store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
      .makeSession { work in work() }
  }

  private let reader = People.application(of: People.contoso, [.userReadAll])
  private let writer = People.application(of: People.contoso, [.userReadWriteAll])

  private func id(_ text: String) -> OwnerReference { .id(People.known(UserID(text))) }

  @Test("A person is found by a name without @, and an id that is the same comes first")
  func names() throws {
    let session = try session(store())
    func found(_ reference: OwnerReference) throws -> String? {
      try? answer { session.users.read(reference, by: reader, $0) }.get().id
    }
    #expect(try found(id("ALOGIN")) == "ann")
    #expect(try found(id("ann")) == "ann")
    #expect(try found(.principalName("ANN")) == "bob")
    #expect(try found(id("ANN")) == "bob")
    #expect(try found(.nameOrID("CY@contoso.example")) == "cy")
    #expect(try found(.nameOrID("x@y")) == "x@y")
    #expect(try found(.nameOrID("X@y")) == "dan")
    #expect(try found(.principalName("x@y")) == "dan")
    #expect(try found(id("nobody")) == nil && found(.nameOrID("no@body")) == nil)
    // Whoever has the id in another tenant is not there.
    #expect(try found(id("dora")) == "emil")
  }

  @Test("Every operation finds a person by a name without @, and writes to nobody else")
  func operations() throws {
    let store = try store()
    let session = try session(store)
    let ann = id("alogin")
    let request = CollectionRequest(owner: ann, collection: phones, caller: writer)
    let patch = StructuredPatch(of: phones.target)
    guard case .item(let item, isNew: true) = try answer({ session.items.create(patch, in: request, $0) }).get() else {
      Issue.record("Nothing was made")
      return
    }
    let item1 = item.key
    #expect(item1.user.text == "ann")
    #expect(try answer { session.items.read(item1.id, of: request, $0) }.get().key == item1)
    #expect(try answer { session.items.list(request, $0) }.get().items.count == 1)
    #expect(try answer { session.profiles.open(ann, by: writer, $0) }.get().owner.text == "ann")
    _ = try answer { session.items.update(item1.id, patch, preconditions: .none, in: request, $0) }.get()
    let group = try answer { session.items.write([.create(phones, patch)], of: ann, by: writer, $0) }.get()
    guard case .applied = group else { throw ProfileError.userNotFound }
    #expect(try answer { session.items.list(request, $0) }.get().items.count == 2)
    _ = try answer { session.items.delete(item1.id, preconditions: .none, in: request, $0) }.get()
    var job = StructuredPatch(of: ProfileModel.user)
    job.members[try #require(ProfileModel.user.property(named: "jobTitle")).index] = .value(.string("Pilot"))
    let updated = try answer { session.users.update(ann, job, preconditions: .none, by: writer, $0) }.get()
    #expect(updated.id == "ann" && String(decoding: updated.json, as: UTF8.self).contains("Pilot"))
    try answer { session.profiles.delete(ann, by: writer, $0) }.get()
    try answer { session.users.delete(ann, preconditions: .none, by: writer, $0) }.get()
    #expect(store.user(People.known(UserID("ann"))) == nil && store.user(People.known(UserID("bob"))) != nil)
    // Now the name is Bob's alone, and nobody has the other.
    #expect(try answer { session.users.read(id("ann"), by: writer, $0) }.get().id == "bob")
    let nobody = try answer { session.users.read(ann, by: writer, $0) }
    #expect(throws: ProfileError.userNotFound) { try nobody.get() }
  }

  @Test("By their own principal name people reach themselves without a permission on others, and nobody else")
  func ownName() throws {
    let session = try session(store())
    let ann = People.person(People.known(UserID("ann")), [.userReadWrite])
    #expect(try answer { session.users.read(id("aLOGIN"), by: ann, $0) }.get().id == "ann")
    let own = CollectionRequest(owner: id("alogin"), collection: relationships, caller: ann)
    _ = try answer { session.items.create(StructuredPatch(of: relationships.target), in: own, $0) }.get()
    for other in ["bob", "cy", "nobody"] {
      let outcome = try answer { session.users.read(id(other), by: ann, $0) }
      guard case .failure(.insufficientPermissions) = outcome else {
        Issue.record("\(other): \(outcome)")
        continue
      }
    }
    // With it, whom somebody lists is still theirs alone.
    let ownName = id("alogin")
    let admin = People.person(People.known(UserID("ann")), [.userReadWrite, .userReadWriteAll], isAdministrator: true)
    _ = try answer {
      session.items.create(
        StructuredPatch(of: relationships.target),
        in: CollectionRequest(owner: ownName, collection: relationships, caller: admin), $0)
    }.get()
    let others = CollectionRequest(owner: id("cy"), collection: relationships, caller: admin)
    let refused = try answer { session.items.create(StructuredPatch(of: relationships.target), in: others, $0) }
    #expect(throws: ProfileError.ownerOnly) { try refused.get() }
  }

  @Test("The principal name in a token leads to the caller before anybody has it")
  func firstCall() throws {
    let store = try store()
    let session = try session(store, .demo)
    let caller = Caller(
      actor: .user(People.known(UserID("new"))), tenant: People.contoso, applicationID: "app-1",
      userPrincipalName: "NewLogin", permissions: [.userRead])
    #expect(try answer { session.users.read(id("newlogin"), by: caller, $0) }.get().id == "new")
    #expect(store.user(People.known(UserID("new")))?.principalName == "NewLogin")
    #expect(store.user(People.known(UserID("newlogin"))) == nil)
  }
}
