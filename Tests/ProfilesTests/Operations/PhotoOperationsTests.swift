import OData
import Testing

@testable import Profiles

@Suite("Photos of people")
struct PhotoOperationsTests {
  private let encoder = SamplePhotoEncoder()
  private let store: MemoryStore

  init() {
    func user(_ id: UserID) -> StoredUser {
      var value = StructuredValue(of: ProfileModel.user)
      value.set("id", id.text)
      return StoredUser(id: id, tenant: People.contoso, version: .first, value: value)
    }
    store = MemoryStore(users: [user(People.innocenty), user(People.colleague)])
  }

  private func session() throws -> ProfileSession {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { .random() }, photoEncoder: encoder)
    return try ProfileService(store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
      .makeSession { work in work() }
  }

  private let owner = People.person(People.innocenty)
  private let colleague = People.person(People.colleague)
  private let administrator = People.person(People.colleague, isAdministrator: true)
  private let stranger = People.person(People.colleague, of: People.fabrikam)
  private let subject = PhotoSubject.person(.id(People.innocenty))

  private func put(_ caller: Caller, _ preconditions: Preconditions = .none) throws -> Result<Version, ProfileError> {
    let session = try session()
    return try answer { session.photos.put([1], of: subject, preconditions: preconditions, by: caller, $0) }
  }

  private func read(_ caller: Caller) throws -> Result<VisiblePhoto, ProfileError> {
    let session = try session()
    return try answer { session.photos.read(subject, by: caller, $0) }
  }

  private func show(_ audience: String, _ caller: Caller) throws -> Result<VisiblePhoto?, ProfileError> {
    let body = Array(#"{"allowedAudiences":\#(audience)}"#.utf8)
    let patch = try EntityReader(.update).read(body, as: ProfileModel.photo)
    let session = try session()
    return try answer {
      session.photos.update(.id(People.innocenty), patch, preconditions: .none, by: caller, $0)
    }
  }

  private func delete(_ caller: Caller) throws -> Result<Void, ProfileError> {
    let session = try session()
    return try answer { session.photos.delete(subject, preconditions: .none, by: caller, $0) }
  }

  private func fault<Answer>(_ result: Result<Answer, ProfileError>) -> ProfileError? {
    if case .failure(let error) = result { error } else { nil }
  }

  @Test("A photo is set, read, hidden, replaced and deleted, and each write is recorded")
  func life() throws {
    #expect(fault(try read(owner)) == .photoNotFound)
    let first = try put(owner).get()
    let found = try read(colleague).get()
    #expect(found.version == first && found.audience == .organization && found.content.sides == [48, 64, 96])
    #expect(try show(#""me""#, owner).get()?.audience == .me)
    #expect(fault(try read(colleague)) == .photoNotFound)
    // Another image does not show a hidden photo again.
    encoder.answer = .success(SamplePhoto.photo(sizes: 2, mark: 0x22))
    let second = try put(owner).get()
    #expect(second != first)
    #expect(try read(owner).get().content.jpeg(atMost: 648) == SamplePhoto.jpeg(64, mark: 0x22))
    #expect(fault(try read(colleague)) == .photoNotFound)
    #expect(try show("null", owner).get()?.audience == .me)
    #expect(fault(try delete(owner)) == nil)
    #expect(fault(try delete(owner)) == .photoNotFound)
    let rows = store.changes(of: People.innocenty)
    #expect(rows.map(\.kind) == [.created, .updated, .updated, .deleted])
    #expect(rows.map(\.properties) == [["content"], ["allowedAudiences"], ["content"], []])
    #expect(rows.allSatisfy { $0.collection == "photo" && $0.user == People.innocenty })
  }

  @Test("Nobody decodes an image for those who may not write, and nothing changes for an image that is refused")
  func refusals() throws {
    let reader = People.person(People.innocenty, [.userRead, .profilePhotoReadAll, .userReadAll])
    for caller in [colleague, reader, stranger, People.application([.profilePhotoReadAll])] {
      #expect(fault(try put(caller)) != nil)
    }
    #expect(encoder.count == 0)
    for refusal in [PhotoRefusal.notAnImage, .tooSmall, .tooManyPixels, .tooMuchWork, .busy, .unavailable("away")] {
      encoder.answer = .failure(refusal)
      #expect(fault(try put(owner)) == .photo(refusal))
    }
    #expect(store.changes(of: People.innocenty).isEmpty)
    #expect(fault(try read(owner)) == .photoNotFound)
  }

  @Test("An administrator replaces a hidden photo without learning of it, and does not show it")
  func hiddenFromAdministrator() throws {
    let withoutPhoto = try put(administrator)
    #expect(fault(withoutPhoto) == nil)
    _ = try show(#""me""#, owner).get()
    #expect(fault(try read(administrator)) == .photoNotFound)
    #expect(fault(try put(administrator)) == nil)
    #expect(try read(owner).get().audience == .me)
    // With preconditions, which would tell a hidden photo from none, both are not there.
    let any = Preconditions(ifMatch: .any)
    let none = Preconditions(ifNoneMatch: .any)
    for preconditions in [any, none] { #expect(fault(try put(administrator, preconditions)) == .photoNotFound) }
    #expect(fault(try delete(administrator)) == .photoNotFound)
    #expect(fault(try delete(owner)) == nil)
    for preconditions in [any, none] { #expect(fault(try put(administrator, preconditions)) == .photoNotFound) }
  }

  @Test("Preconditions of the owner hold as for an item")
  func preconditions() throws {
    #expect(fault(try put(owner, Preconditions(ifMatch: .any))) == .photoNotFound)
    let version = try put(owner, Preconditions(ifNoneMatch: .any)).get()
    #expect(fault(try put(owner, Preconditions(ifNoneMatch: .any))) == .preconditionFailed)
    #expect(fault(try put(owner, Preconditions(ifMatch: .oneOf([version.opaqueTag])))) == nil)
    #expect(fault(try put(owner, Preconditions(ifMatch: .oneOf([version.opaqueTag])))) == .preconditionFailed)
  }

  @Test("The tenant's policy gives photos their audience, masks it, and closes them to applications")
  func policy() throws {
    store.decide(TenantPolicy(defaultAudiences: ["photo": .everyone]))
    _ = try put(owner).get()
    #expect(try read(stranger).get().audience == .everyone)
    store.decide(TenantPolicy(audienceMasks: ["photo": .organization], applicationCollections: ["phones"]))
    #expect(fault(try read(stranger)) == .userNotFound)
    #expect(
      fault(try show(#""everyone""#, owner)) == .audienceNotAllowed(collection: "photo", allowed: .organization))
    #expect(fault(try put(People.application())) == .closedToApplications(collection: "photo"))
    #expect(fault(try delete(People.application())) == .closedToApplications(collection: "photo"))
  }

  @Test("Deleting a profile leaves the photo, deleting the person does not")
  func profile() throws {
    _ = try put(owner).get()
    let session = try session()
    #expect(fault(try answer { session.profiles.delete(.id(People.innocenty), by: owner, $0) }) == nil)
    #expect(fault(try read(owner)) == nil)
    #expect(
      fault(try answer { session.users.delete(.id(People.innocenty), preconditions: .none, by: administrator, $0) })
        == nil)
    #expect(store.items(of: People.innocenty).isEmpty)
  }
}
