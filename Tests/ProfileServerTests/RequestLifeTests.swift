import Logging
import NIOCore
import NIOHTTP1
import OData
import Stores
import Testing

@testable import Authentication
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer
@testable import Profiles

/// The life of one PATCH, as ARCHITECTURE.md describes it: the result of each step.
@Suite("The life of one PATCH")
struct RequestLifeTests {
  static let now = DateTimeOffset(unixSeconds: 1_600_000_000)
  static let user = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  static let phone = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"
  static let body = "{\n  \"allowedAudiences\": \"organization\",\n  \"type\": \"other\",\n}"
  static let stored =
    #"{"id":"e13f7a4d-303c-464f-a6af-80ea18eb74f3","allowedAudiences":"me","inference":null,"#
    + #""createdDateTime":"2020-07-06T06:34:12.2294868Z","createdBy":{"user":{"#
    + #""id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}},"#
    + #""lastModifiedDateTime":"2020-07-08T06:34:12.2294868Z","lastModifiedBy":{"user":{"#
    + #""id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}},"#
    + #""source":{"type":["User"]},"displayName":"Car Phone","type":"mobile","number":"+7 499 234 56 78"}"#

  static let environment = ServiceEnvironment(
    now: { now }, makeID: { .random() })

  /// The version of the item after the write.
  static let version = Version(number: 64)

  @Test("Every step gives what the next one needs")
  func life() async throws {
    let store = try Self.store()
    defer { store.close() }

    // 1. Bytes in: a request within limits that is Graph's.
    let head = HTTPRequestHead(
      version: .http1_1, method: .PATCH, uri: "/beta/user/\(Self.user)/profile/phones/\(Self.phone)",
      headers: ["Host": "graph.test", "Content-Type": "application/json", "If-Match": try Self.tag(in: store)])
    #expect(try RequestHeadValidation(head).head == head)
    #expect(RequestHeadValidation.isGraph(head.uri))

    // 2. Free of the connection.
    let http1 = GraphHTTP1Environment(
      isSecure: false, origin: ServiceOrigin(publicURL: nil), timeouts: .init())
    let request = http1.request(head, body: ByteBuffer(string: Self.body), at: nil)
    #expect(request.origin == "http://graph.test")

    // 3. Who asks.
    let caller = try await Self.caller()
    #expect(caller.userID?.text == Self.user)
    #expect(caller.permissions == [.userReadWrite])
    #expect(caller.displayName == "Innocenty Popov")

    // 4. Header fields.
    #expect(throws: Never.self) { try ProtocolFields.check(request.headers) }
    #expect(MediaType(request.headers.first(name: "Content-Type") ?? "")?.isJSONInUTF8 == true)

    // 5. The path against the model.
    let requested = try RequestedResource(path: request.path)
    guard case .item(.id(let owner), let collection, let id) = requested.subject else {
      Issue.record("the path names an item")
      return
    }
    #expect(owner.text == Self.user && collection.name == "phones" && id.text == Self.phone)

    // 6. The query against the type.
    #expect(try QueryOptions(request.query, of: collection.target, supporting: .select).written.isEmpty)

    // 7. The method.
    #expect(requested.resource?.route(of: .PATCH)?.permissions == .writeProfile)

    // 8. The body against the type: absent, null and value differ.
    let patch = try EntityReader(.update).read(Array(Self.body.utf8), as: collection.target)
    let present = collection.target.properties.filter { !patch.isAbsent($0) }.map(\.name)
    #expect(present == ["allowedAudiences", "type"])
    #expect(patch.members[ItemFacet.Position.allowedAudiences] == .value(.enumeration(8)))

    // What is wanted.
    let operation = UpdateItem(
      key: ItemKey(user: owner, collection: collection.name, id: id), type: collection.target, patch: patch,
      preconditions: Preconditions(ifMatch: EntityTagCondition(request.headers.first(name: "If-Match") ?? "")),
      stamp: WriteStamp(caller: caller, time: Self.now, version: Self.version))

    // 9. May they.
    #expect(throws: Never.self) {
      try RequiredPermissions.writeProfile.authorize(caller, isOwner: true, writersOfOthers: nil)
    }

    // 10. One write, and its entry in the audit log.
    let (written, changes) = try await Self.write(operation, in: store)
    #expect(written.version == Self.version && written.audience == .organization)
    #expect(changes.map(\.kind) == [.updated])
    #expect(
      changes.last?.properties
        == ["allowedAudiences", "lastModifiedDateTime", "lastModifiedBy", "type"].sorted(by: Self.inOrder))
    #expect(changes.last?.versionBefore != nil && changes.last?.versionAfter == Self.version)

    // 11. Trimmed for this caller.
    let decision = AccessDecision(of: caller, to: owner, ItemOwner(tenant: caller.tenant, displayName: nil))
    let visible = try #require(decision.visible(written, of: collection.target))

    // 12. Bytes out.
    let encoder = ItemEncoder(
      origin: "\(request.origin)", version: .beta, showsSingleElement: true, representation: Representation())
    #expect(String(decoding: encoder.entity(visible, nil), as: UTF8.self) == Self.expected)
    let today = ItemEncoder(
      origin: "\(request.origin)", version: .beta, showsSingleElement: false, representation: Representation())
    #expect(String(decoding: today.entity(visible, nil), as: UTF8.self).contains(#""source":{"type":["User"]}"#))
  }

  static let expected =
    #"{"@odata.context":"http://graph.test/beta/$metadata#users('efee1b77-fb3b-4f65-99d6-274c11914d12')"#
    + ##"/profile/phones/$entity","@odata.type":"#microsoft.graph.itemPhone","@odata.etag":"W/\"AAAAAAAAABA\"","##
    + stored.dropFirst()
    .replacing(#""allowedAudiences":"me""#, with: #""allowedAudiences":"organization""#)
    .replacing("2020-07-08T06:34:12.2294868Z", with: "2020-09-13T12:26:40Z")
    .replacing(#"{"type":["User"]}"#, with: #"{"type":"User"}"#)
    .replacing(#""type":"mobile""#, with: #""type":"other""#)

  /// Names in the order of the type.
  private static func inOrder(_ left: String, _ right: String) -> Bool {
    let type = ProfileModel.collections.first { $0.name == "phones" }?.target
    return (type?.property(named: left)?.index ?? 0) < (type?.property(named: right)?.index ?? 0)
  }

  /// The caller of a token that the built-in authority signed.
  private static func caller() async throws -> Caller {
    let keys = try TemporaryFolder()
    let issuer = try await OwnIssuer.forTests(directory: keys.path)
    let addresses = try #require(AuthorityAddresses(publicURL: nil))
    let verifier = TokenVerifier(
      own: issuer, addresses: addresses, issuers: [], clock: { now.unixSeconds }, logger: .init(label: "test"))
    let specification = TokenSpecification(
      subject: .user(
        try #require(UserID(user)), principalName: nil, displayName: "Innocenty Popov", applicationID: "app",
        scopes: ["User.ReadWrite"], isAdministrator: false),
      tenant: .demo, issuedAt: now.unixSeconds, tokenID: "id")
    let token = try await issuer.sign(try #require(specification))
    guard case .caller(let caller, let expires) = verifier.verify(authorization: "Bearer \(token)") else {
      throw Unexpected()
    }
    #expect(expires == now.unixSeconds + Int64(Limits.issuedTokenSecondsDefault + Limits.clockSkewSeconds))
    return caller
  }

  /// A store with the phone of Graph's page.
  private static func store() throws -> SQLiteStore {
    let store = try SQLiteStore.temporary()
    let reader = ImportLineReader(defaultTenant: .demo, environment: environment)
    var lines = [
      #"{"user":{"id":"\#(user)","displayName":"Innocenty Popov"}}"#,
      #"{"userId":"\#(user)","collection":"phones","item":\#(stored)}"#,
    ][...]
    _ = try store.importLines(at: now) { try lines.popFirst().map { try reader.line(Array($0.utf8)) } }
    return store
  }

  /// The entity tag of the phone.
  private static func tag(in store: SQLiteStore) throws -> String {
    var tag: String?
    try store.exportLines { line in if case .item(let item) = line { tag = item.version.entityTag } }
    return try #require(tag)
  }

  /// Writes to a store, and reads the audit log.
  private static func write(_ operation: UpdateItem, in store: SQLiteStore) async throws -> (StoredItem, [Change]) {
    let result = await withCheckedContinuation { continuation in
      store.submit(.item(operation) { continuation.resume(returning: $0) })
    }
    guard case .written(let item) = try result.get() else { throw Unexpected() }
    return (item, try store.changes(of: operation.key.user, in: .demo).filter { $0.kind != .imported })
  }

  struct Unexpected: Error {}
}
