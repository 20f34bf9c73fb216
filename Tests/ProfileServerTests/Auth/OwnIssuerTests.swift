import Foundation
import Logging
import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("The built-in authority's keys")
struct OwnIssuerTests {
  private let clock = TestClock()

  private func verifier(_ own: OwnIssuer, publicURL: String? = nil) throws -> (TokenVerifier, AuthorityAddresses) {
    let addresses = try #require(AuthorityAddresses(publicURL: publicURL))
    let clock = clock
    let verifier = TokenVerifier(
      own: own, addresses: addresses, issuers: [], clock: { clock.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return (verifier, addresses)
  }

  private func order(
    base: String = AuthorityAddresses.localBase, audience: String = AuthorityAddresses.graphAudience,
    isAdministrator: Bool = false
  ) throws -> TokenOrder {
    let id = try #require(UserID("efee1b77-fb3b-4f65-99d6-274c11914d12"))
    return try #require(
      TokenOrder(
        subject: .user(
          id, principalName: "i@contoso.example", displayName: "I \"P\"", applicationID: "app",
          scopes: ["User.Read", "User.ReadWrite"], isAdministrator: isAdministrator),
        tenant: .demo, issuedAt: clock.now, tokenID: "t", base: base, audience: audience))
  }

  @Test("A token for a person comes back as that person")
  func person() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path + "/data/keys")
    let token = try #require(own.sign(try order(isAdministrator: true)))
    let caller = try #require(try verifier(own).0.verify(token: token).caller)
    #expect(caller.userID?.text == "efee1b77-fb3b-4f65-99d6-274c11914d12")
    #expect(caller.tenant == .demo)
    #expect(caller.permissions == [.userRead, .userReadWrite])
    #expect(caller.displayName == "I \"P\"")
    #expect(caller.userPrincipalName == "i@contoso.example")
    #expect(caller.applicationID == "app")
    #expect(caller.isAdministrator)
  }

  @Test("A token for an application comes back as that application")
  func application() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let order = try #require(
      TokenOrder(
        subject: .application(id: "a", name: "A", roles: ["User.ReadWrite.All"]), tenant: .demo, issuedAt: clock.now,
        tokenID: "t"))
    let token = try #require(own.sign(order))
    let caller = try #require(try verifier(own).0.verify(token: token).caller)
    #expect(caller.actor == .application)
    #expect(caller.permissions == [.userReadWriteAll])
    #expect(caller.applicationID == "a")
    #expect(caller.applicationName == "A")
  }

  @Test("The key file is its owner's alone, and is kept over restarts")
  func files() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/data/keys"
    let first = try await OwnIssuer.load(directory: path)
    #expect(try directory.mode("data/keys") == 0o700)
    #expect(try directory.mode("data/keys/key-0001.pem") == 0o600)
    let second = try await OwnIssuer.load(directory: path)
    #expect(first.keySet == second.keySet)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["key-0001.pem"])
    let token = try #require(first.sign(try order()))
    #expect(try verifier(second).0.verify(token: token).caller != nil)
  }

  @Test("A key that another process made first is kept, and nothing is left beside it")
  func exclusiveWrite() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/key"
    #expect(try PrivateFiles.write([1], to: path, mode: 0o600, placement: .exclusive))
    #expect(try !PrivateFiles.write([2], to: path, mode: 0o600, placement: .exclusive))
    #expect(try PrivateFiles.read(path, bytesMax: 9, isSecret: true) == [1])
    #expect(try PrivateFiles.write([3], to: path, mode: 0o644, placement: .replacing))
    #expect(try PrivateFiles.read(path, bytesMax: 9) == [3])
    #expect(try directory.mode("key") == 0o644)
    #expect(try PrivateFiles.names(in: directory.path) == ["key"])
    #expect(throws: KeyFileError.self) {
      try PrivateFiles.write([1], to: "/nowhere/x", mode: 0o600, placement: .replacing)
    }
  }

  @Test("Processes that start at the same moment agree on one key")
  func concurrentFirstUse() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/keys"
    let sets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<8 { group.addTask { try await OwnIssuer.load(directory: path).keySet } }
      return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
    }
    #expect(sets.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
  }

  @Test("After a rotation the newest key signs and the older ones still verify")
  func rotation() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let (verifier, _) = try verifier(own)
    let old = try #require(own.sign(try order()))
    let before = verifier.generation
    try await own.rotate()
    try await verifier.reloadOwnKeys()
    #expect(verifier.generation > before)
    let new = try #require(own.sign(try order()))
    #expect(old.prefix(80) != new.prefix(80))
    for token in [old, new] { #expect(verifier.verify(token: token).caller != nil) }
    #expect(try JSONTree(own.keySet)["keys"]?.elements?.count == 2)
    try FileManager.default.removeItem(atPath: directory.path + "/key-0001.pem")
    try await verifier.reloadOwnKeys()
    #expect(verifier.verify(token: old).refusal == .unknownKey)
    #expect(verifier.verify(token: new).caller != nil)
  }

  @Test("The published key set verifies what the authority signs")
  func keySet() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let keys = await VerificationKey.usable(in: try JSONTree(own.keySet))
    let token = try #require(own.sign(try order()))
    let parts = try Array(token.utf8).withUnsafeBufferPointer { try CompactToken($0) }
    let key = try #require(keys[parts.keyID])
    #expect(key.isValid(parts.signature, over: parts.signedBytes))
    #expect(!String(decoding: own.keySet, as: UTF8.self).contains("\"d\""))
  }

  @Test("A key file that others can read, or that is broken, is refused with a sentence")
  func badFiles() async throws {
    let directory = try TemporaryDirectory()
    _ = try await OwnIssuer.load(directory: directory.path)
    let path = directory.path + "/key-0001.pem"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    await #expect(throws: KeyFileError.exposed(path: path, mode: "644")) {
      try await OwnIssuer.load(directory: directory.path)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try "no key".write(toFile: path, atomically: false, encoding: .utf8)
    await #expect(throws: KeyFileError.broken(path: path)) { try await OwnIssuer.load(directory: directory.path) }
    #expect(KeyFileError.exposed(path: path, mode: "644").message.contains("chmod 600"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "no key")
  }

  @Test("Key files are bounded in size and number")
  func bounds() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let path = directory.path + "/key-0001.pem"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    func write(_ bytes: Int) throws {
      let filler = String(repeating: "\n", count: bytes - text.utf8.count)
      try (text + filler).write(toFile: path, atomically: false, encoding: .utf8)
    }
    try write(Limits.keyFileBytesMax)
    try await own.reload()
    try write(Limits.keyFileBytesMax + 1)
    await #expect(throws: KeyFileError.tooLarge(path: path)) { try await own.reload() }
    try write(text.utf8.count)
    for _ in 1..<Limits.keyFilesMax { try await own.rotate() }
    #expect(try JSONTree(own.keySet)["keys"]?.elements?.count == Limits.keyFilesMax)
    await #expect(throws: KeyFileError.tooMany(directory: directory.path)) { try await own.rotate() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == Limits.keyFilesMax)
  }

  @Test(
    "An own token's tenant must be the one in its issuer's name",
    arguments: [
      ("\"t\"", nil), ("\"u\"", TokenRefusal.tenantNotAllowed), ("7", .missingClaim("tid")),
    ])
  func tenantOfIssuer(tenant: String, refusal: TokenRefusal?) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let pem = try String(contentsOfFile: directory.path + "/key-0001.pem", encoding: .utf8)
    let key = try #require(await SigningKey(pem: pem))
    let claims = """
      {"iss":"https://localhost/t/v2.0","tid":\(tenant),"aud":"https://graph.microsoft.com","exp":\(clock.now + 9),
       "oid":"o","scp":"User.Read"}
      """
    let token = try #require(key.sign(Array(claims.utf8)))
    #expect(try verifier(own).0.verify(token: token).refusal == refusal)
  }

  @Test(
    "Own issuers are this machine's names with any port, and the public URL",
    arguments: [
      ("https://localhost", true), ("http://localhost:5", true), ("https://127.0.0.1:8443", true),
      ("https://[::1]", true),
      ("https://people.example", true), ("https://people.example:8443", false), ("https://evil.example", false),
      ("https://localhost.evil.example", false), ("https://localhost/x", false), ("HTTPS://localhost", false),
    ])
  func ownIssuers(base: String, isAccepted: Bool) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let verifier = try verifier(own, publicURL: "https://people.example/").0
    let token = try #require(own.sign(try order(base: base)))
    #expect((verifier.verify(token: token).caller != nil) == isAccepted)
    if !isAccepted { #expect(verifier.verify(token: token).refusal == .unknownIssuer) }
  }

  @Test(
    "Own audiences are Graph's, the public URL and the bound addresses",
    arguments: [
      ("https://graph.microsoft.com", true), ("https://graph.microsoft.com/", true),
      ("00000003-0000-0000-c000-000000000000", true), ("https://people.example", true), ("http://localhost:8080", true),
      ("http://127.0.0.1:8080/", true), ("https://localhost:8443", true), ("https://localhost:8080", false),
      ("http://localhost", false), ("https://other.example", false), ("https://graph.microsoft.com//", false),
    ])
  func ownAudiences(audience: String, isAccepted: Bool) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.load(directory: directory.path)
    let (verifier, addresses) = try verifier(own, publicURL: "https://people.example")
    addresses.setBound(httpPort: 8_080, httpsPort: 8_443)
    let token = try #require(own.sign(try order(audience: audience)))
    #expect((verifier.verify(token: token).caller != nil) == isAccepted)
    if !isAccepted { #expect(verifier.verify(token: token).refusal == .wrongAudience) }
  }

  @Test(
    "A life outside the bounds is not signed",
    arguments: [
      (0, false), (1, true), (Limits.issuedTokenSecondsMax, true), (Limits.issuedTokenSecondsMax + 1, false),
      (-5, false),
    ])
  func life(seconds: Int, isAccepted: Bool) {
    let order = TokenOrder(
      subject: .application(id: "a", name: nil, roles: []), tenant: .demo, issuedAt: 0, tokenID: "t",
      lifeSeconds: seconds)
    #expect((order != nil) == isAccepted)
  }

  @Test("Base 64 for URLs has one spelling for each value")
  func base64URL() {
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ count) }
      let text = Base64URL.encode(bytes)
      #expect(
        text
          == Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: ""))
      #expect(Base64URL.decode(text.utf8) == bytes)
    }
    for text in ["A", "AA=", "AA==", "AB", "AAB", "A A", "+/", "AAAAA"] { #expect(Base64URL.decode(text.utf8) == nil) }
  }
}
