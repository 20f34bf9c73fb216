import OData
import Testing

@testable import Profiles

@Suite("ProfileSession")
struct ProfileSessionTests {
  private let phones: NavigationProperty
  private let principalName = "Innocenty@contoso.example"

  init() throws { phones = try #require(ProfileModel.collection(named: "phones")) }

  private func user(_ id: UserID, of tenant: TenantID = People.contoso, name: String? = nil) -> StoredUser {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id.text)
    value.set("userPrincipalName", name)
    return StoredUser(id: id, tenant: tenant, version: .first, value: value)
  }

  private func phone(_ id: String, audience: String) throws -> StoredItem {
    let item = try PagePhone.item(audience: audience)
    return StoredItem(
      key: ItemKey(user: item.key.user, collection: "phones", id: try #require(ItemID(id))), version: item.version,
      audience: item.audience, created: item.created, json: item.json, collapsible: item.collapsible)
  }

  private func store(_ items: [StoredItem] = []) -> MemoryStore {
    MemoryStore(users: [user(People.innocenty, name: principalName), user(People.colleague)], items: items)
  }

  private func session(_ store: MemoryStore, policy: TenantPolicy = TenantPolicy()) throws -> ProfileSession {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { PagePhone.key.id })
    store.decide(policy)
    return try ProfileService(store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
      .makeSession { work in work() }
  }

  private func fault<Answer>(
    _ call: (@escaping (Result<Answer, ProfileError>) -> Void) -> Void
  ) throws -> ProfileError? {
    switch try answer(call) {
    case .success: nil
    case .failure(let error): error
    }
  }

  private func request(_ caller: Caller, _ owner: OwnerReference = .id(People.innocenty)) -> CollectionRequest {
    CollectionRequest(owner: owner, collection: phones, caller: caller)
  }

  private let stranger = People.person(People.colleague, of: People.fabrikam)

  @Test("A stranger cannot tell a person with many hidden items from nobody")
  func hiddenItems() throws {
    for count in [0, 1, Limits.loopRowsMax, Limits.loopRowsMax + 1, 400] {
      let items = try (0..<count).map { try phone("p\($0)", audience: "organization") }
      let session = try session(store(items))
      #expect(try fault { session.items.list(request(stranger), $0) } == .userNotFound, "\(count) items")
      let nobody = OwnerReference.id(try #require(UserID("nobody")))
      #expect(try fault { session.items.list(request(stranger, nobody), $0) } == .userNotFound)
    }
  }

  @Test("A stranger finds the one visible item, however many hidden ones stand before it")
  func oneVisibleItem() throws {
    let hidden = try (0..<400).map { try phone("p\($0)", audience: "organization") }
    let session = try session(store(hidden + [phone("z", audience: "everyone")]))
    var page = try answer { session.items.list(request(stranger), $0) }.get()
    var seen = page.items.map(\.key.id.text)
    while let next = page.next {
      page = try answer { session.profiles.continueList(next, $0) }.get()
      seen += page.items.map(\.key.id.text)
    }
    #expect(seen == ["z"])
    // The person exists for the stranger now; the hidden item does not.
    #expect(
      try fault { session.items.read(People.known(ItemID("p0")), of: request(stranger), $0) } == .itemNotFound)
    #expect(try fault { session.items.read(People.known(ItemID("z")), of: request(stranger), $0) } == nil)
  }

  @Test("A colleague gets every page, trimmed, and an empty list when nothing is visible")
  func colleaguesList() throws {
    let items = try (100..<300).map { try phone("p\($0)", audience: $0 % 2 == 0 ? "organization" : "family") }
    let session = try session(store(items))
    let colleague = request(People.person(People.colleague, [.userReadAll]))
    var page = try answer { session.items.list(colleague, $0) }.get()
    var seen = page.items.map(\.key.id.text)
    while let next = page.next {
      page = try answer { session.profiles.continueList(next, $0) }.get()
      seen += page.items.map(\.key.id.text)
    }
    #expect(seen == (100..<300).filter { $0 % 2 == 0 }.map { "p\($0)" })
    let hidden = try self.session(store([phone("p", audience: "me")]))
    #expect(try answer { hidden.items.list(colleague, $0) }.get().items.isEmpty)
  }

  @Test("The same id in another tenant opens nothing, not even what everyone may see")
  func sameIDElsewhere() throws {
    let session = try session(store([phone("p", audience: "everyone")]))
    for reference in [OwnerReference.me, .id(People.innocenty)] {
      let twin = request(People.person(People.innocenty, of: People.fabrikam), reference)
      #expect(try fault { session.items.list(twin, $0) } == .userNotFound)
      #expect(try fault { session.items.read(People.known(ItemID("p")), of: twin, $0) } == .userNotFound)
      #expect(try fault { session.users.read(reference, by: twin.caller, $0) } == .userNotFound)
      #expect(
        try fault { session.items.delete(People.known(ItemID("p")), preconditions: .none, in: twin, $0) }
          == .userNotFound
      )
      #expect(try fault { session.items.create(StructuredPatch(of: phones.target), in: twin, $0) } == .userNotFound)
    }
  }

  @Test("A token is refused alike for people who exist and people who do not")
  func refusalsTellNothing() throws {
    let session = try session(store([phone("p", audience: "everyone")]))
    let caller = People.person(People.colleague, [.userRead])
    let references = [
      OwnerReference.id(People.innocenty), .id(People.known(UserID("nobody"))), .principalName(principalName),
      .principalName("nobody@contoso.example"),
    ]
    let expected = ProfileError.insufficientPermissions([.userReadAll, .userReadWriteAll], isDirectory: false)
    for reference in references {
      #expect(try fault { session.items.list(request(caller, reference), $0) } == expected)
      #expect(
        try fault { session.items.read(People.known(ItemID("p")), of: request(caller, reference), $0) } == expected)
    }
  }

  @Test("An application on its own has no /me, and reaches a person by id and by name in any case")
  func applications() throws {
    let session = try session(store([phone("p", audience: "me")]))
    let caller = People.application(of: People.contoso, [.userReadAll])
    #expect(try fault { session.items.list(request(caller, .me), $0) } == .meNeedsUser)
    #expect(try fault { session.users.read(.me, by: caller, $0) } == .meNeedsUser)
    for reference in [OwnerReference.id(People.innocenty), .principalName(principalName.uppercased())] {
      #expect(try answer { session.items.list(request(caller, reference), $0) }.get().items.count == 1)
    }
    let foreign = People.application(of: People.fabrikam, [.userReadAll])
    #expect(try fault { session.items.list(request(foreign), $0) } == .userNotFound)
    #expect(try fault { session.items.list(request(foreign, .principalName(principalName)), $0) } == .userNotFound)
  }

  @Test("A new caller is added on their first call where the policy says so, and nowhere else")
  func firstCall() throws {
    let newcomer = try #require(UserID("new"))
    let caller = People.person(newcomer, displayName: "New")
    let closed = store()
    let closedSession = try session(closed)
    #expect(try fault { closedSession.items.list(request(caller, .me), $0) } == .userNotFound)
    #expect(
      try fault { closedSession.items.create(StructuredPatch(of: phones.target), in: request(caller, .me), $0) }
        == .userNotFound)
    #expect(closed.user(newcomer) == nil)
    let open = store()
    let openSession = try session(open, policy: .demo)
    #expect(
      try fault { openSession.items.create(StructuredPatch(of: phones.target), in: request(caller, .me), $0) } == nil)
    #expect(open.user(newcomer)?.displayName == "New")
    #expect(open.changes(of: newcomer).map(\.kind) == [.created, .created])
    #expect(
      try fault { openSession.items.list(request(caller, .id(People.known(UserID("other")))), $0) } == .userNotFound)
    #expect(open.user(People.known(UserID("other"))) == nil)
  }

  @Test("A caller who is not added because the id belongs to another tenant sees nothing of its person")
  func takenID() throws {
    let taken = user(People.colleague, of: People.fabrikam)
    let caller = People.person(People.colleague)
    #expect(throws: ProfileError.userNotFound) {
      try ProvisionCaller(person: user(People.colleague), stamp: People.stamp(caller)).change(
        PersonState(person: taken))
    }
    let store = MemoryStore(users: [taken])
    let session = try session(store, policy: .demo)
    #expect(try fault { session.items.list(request(caller, .me), $0) } == .userNotFound)
    #expect(try fault { session.users.read(.me, by: caller, $0) } == .userNotFound)
    let query = ListQuery(QueryOptions(), limit: 9)
    #expect(try fault { session.auditLog.list(of: .me, query, by: caller, $0) } == .userNotFound)
  }

  @Test("A sorted list skips up to its bound, whatever it lists")
  func sortedSkip() throws {
    let session = try session(store())
    let caller = People.application()
    for (skip, error) in [(Limits.sortedSkipMax, nil), (Limits.sortedSkipMax + 1, ProfileError.skipTooLarge)] {
      let text = "$orderby=id&$skip=\(skip)"
      let options = try QueryOptions(text.utf8, of: ProfileModel.group, supporting: .list)
      #expect(try fault { session.groups.list(ListQuery(options, limit: 1), by: caller, $0) } == error)
    }
  }

  @Test("An event loop remembers tenants up to its bound, and serves further ones")
  func rememberedTenants() throws {
    let session = try session(store())
    for number in 0...(Limits.rememberedTenantsMax + 2) {
      let tenant = People.known(TenantID("tenant-\(number)"))
      #expect(try fault { session.admit(People.person(People.colleague, of: tenant), $0) } == nil)
    }
    #expect(session.context.knownTenants.count == Limits.rememberedTenantsMax)
  }

  @Test("A write that hides the item from its writer is done and shows nothing")
  func hidingWrite() throws {
    let store = store([try phone("p", audience: "organization")])
    let session = try session(store, policy: .demo)
    let colleague = request(People.person(People.colleague))
    let id = People.known(ItemID("p"))
    let patch = try PhoneBody.read(#"{"allowedAudiences":"me"}"#)
    guard case .done = try answer({ session.items.update(id, patch, preconditions: .none, in: colleague, $0) }).get()
    else {
      Issue.record("The hidden item was shown")
      return
    }
    #expect(try fault { session.items.read(id, of: colleague, $0) } == .itemNotFound)
    #expect(
      try fault { session.items.update(id, patch, preconditions: Preconditions(ifMatch: .any), in: colleague, $0) }
        == .itemNotFound)
    #expect(
      try fault { session.items.delete(id, preconditions: Preconditions(ifMatch: .any), in: colleague, $0) }
        == .itemNotFound)
    #expect(store.changes(of: People.innocenty).count == 1)
  }

  @Test("Writing for others needs an administrator unless the policy says anyone")
  func writersOfOthers() throws {
    let id = People.known(ItemID("p"))
    let patch = try PhoneBody.read(#"{"number":"1"}"#)
    let session = try session(store([phone("p", audience: "organization")]))
    #expect(
      try fault {
        session.items.update(id, patch, preconditions: .none, in: request(People.person(People.colleague)), $0)
      }
        == .deniedForRole(isDirectory: false))
    let administrator = People.person(People.colleague, isAdministrator: true)
    #expect(try fault { session.items.update(id, patch, preconditions: .none, in: request(administrator), $0) } == nil)
  }

  @Test("A write for somebody else that is committed is never answered as if nothing had been changed")
  func unreadAfterWrite() throws {
    let id = People.known(ItemID("p"))
    let patch = try PhoneBody.read(#"{"number":"1"}"#)
    let store = try store([phone("p", audience: "organization")])
    let session = try session(store)
    let administrator = request(People.person(People.colleague, isAdministrator: true))
    let failure = StoreError.unavailable("away")
    store.ownerFailure = failure
    #expect(
      try fault { session.items.update(id, patch, preconditions: .none, in: administrator, $0) }
        == .writtenButUnread(failure))
    #expect(store.changes(of: People.innocenty).count == 1)
    // Nothing changes the second time, so that the answer may be that of any read that failed.
    #expect(
      try fault { session.items.update(id, patch, preconditions: .none, in: administrator, $0) } == .store(failure))
    #expect(store.changes(of: People.innocenty).count == 1)
    #expect(try fault { session.items.delete(id, preconditions: .none, in: administrator, $0) } == nil)
    #expect(store.changes(of: People.innocenty).count == 2)
  }
}
