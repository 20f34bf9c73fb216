import Crypto
import Foundation
import Logging
import NIOSSL
import OData
import Profiles
import Testing

@testable import Authentication
@testable import AuthenticationSupport
@testable import Authority
@testable import AuthoritySupport

@Suite("The built-in authority's keys")
struct OwnIssuerTests {
  let clock = TestClock()

  private func verifier(_ own: OwnIssuer, publicURL: String? = nil) throws -> (TokenVerifier, AuthorityAddresses) {
    let addresses = try #require(AuthorityAddresses(publicURL: publicURL))
    let clock = clock
    let verifier = TokenVerifier(
      own: own, addresses: addresses, issuers: [], clock: { clock.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return (verifier, addresses)
  }

  func order(
    base: String = AuthorityAddresses.defaultBase, isAdministrator: Bool = false
  ) throws -> TokenSpecification {
    let id = try #require(UserID("efee1b77-fb3b-4f65-99d6-274c11914d12"))
    return try #require(
      TokenSpecification(
        subject: .user(
          id, principalName: "i@contoso.example", displayName: "I \"P\"", applicationID: "app",
          scopes: ["User.Read", "User.ReadWrite"], isAdministrator: isAdministrator),
        tenant: .demo, issuedAt: clock.now, tokenID: "t", base: base))
  }

  @Test("A token for a person comes back as that person")
  func person() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path + "/data/keys")
    let token = try await own.sign(try order(isAdministrator: true))
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
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let order = try #require(
      TokenSpecification(
        subject: .application(id: "a", name: "A", roles: ["User.ReadWrite.All"]), tenant: .demo, issuedAt: clock.now,
        tokenID: "t"))
    let token = try await own.sign(order)
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
    // The key is made when it is first needed.
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    try await first.prepare()
    #expect(try directory.mode("data/keys/key-0001.pem") == 0o600)
    let second = try await OwnIssuer.load(directory: path)
    #expect(try await first.keySet(issuer: "i") == second.keySet(issuer: "i"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["key-0001.pem"])
    let token = try await first.sign(try order())
    #expect(try verifier(second).0.verify(token: token).caller != nil)
  }

  @Test("A token that another process signs with the first key of a new directory is verified, not refused")
  func firstKeyOfAnotherProcess() async throws {
    let directory = try TemporaryDirectory()
    let server = try await OwnIssuer.load(directory: directory.path)
    let (verifier, _) = try verifier(server)
    let token = try await OwnIssuer.load(directory: directory.path).sign(try order())
    #expect(verifier.verify(token: token).needsKeys)
    #expect(try await verifier.caller(authorization: "Bearer \(token)").get().tenant == .demo)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["key-0001.pem"])
  }

  @Test("While no first key can be made, tokens of the built-in authority are neither taken nor called wrong")
  func noFirstKey() async throws {
    let directory = try TemporaryDirectory()
    let server = try await OwnIssuer.load(directory: directory.path + "/keys")
    let (verifier, _) = try verifier(server)
    let token = try await OwnIssuer.forTests(directory: directory.path + "/other").sign(try order())
    try FileManager.default.removeItem(atPath: directory.path + "/keys")
    let result = await verifier.caller(authorization: "Bearer \(token)")
    #expect(throws: TokenRefusal.keysUnavailable) { try result.get() }
  }

  @Test("After a rotation the newest key signs and the older ones still verify")
  func rotation() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let (verifier, _) = try verifier(own)
    let old = try await own.sign(try order())
    let before = verifier.generation
    try await own.rotate()
    try await own.reload()
    verifier.keysDidChange()
    #expect(verifier.generation > before)
    let new = try await own.sign(try order())
    #expect(old.prefix(80) != new.prefix(80))
    for token in [old, new] { #expect(verifier.verify(token: token).caller != nil) }
    #expect(try JSONTree(try await own.keySet(issuer: "i"))["keys"]?.elements?.count == 2)
    try FileManager.default.removeItem(atPath: directory.path + "/key-0001.pem")
    try await own.reload()
    verifier.keysDidChange()
    #expect(verifier.verify(token: old).refusal == .unknownKey)
    #expect(verifier.verify(token: new).caller != nil)
  }

  @Test("The published key set verifies what the authority signs, with the members that Entra's has")
  func keySet() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let document = try await own.keySet(issuer: "https://localhost/{tenantid}/v2.0")
    let keys = await VerificationKey.usable(in: try JSONTree(document))
    let token = try await own.sign(try order())
    let parts = try Array(token.utf8).withUnsafeBufferPointer { try CompactToken($0) }
    let key = try #require(keys[parts.keyID])
    #expect(parts.algorithm == .rs256)
    #expect(key.isValid(parts.signature, over: parts.signedBytes))
    let member = try #require(try JSONTree(document)["keys"]?.elements?.first)
    #expect(member["kty"]?.text == "RSA" && member["use"]?.text == "sig" && member["alg"]?.text == "RS256")
    #expect(member["kid"] == member["x5t"] && member["kid"]?.text == parts.keyID.text)
    #expect(member["n"]?.text.flatMap { Base64URL.decode($0.utf8) }?.count == 256)
    #expect(member["e"]?.text == "AQAB")
    #expect(member["cloud_instance_name"]?.text == "microsoftonline.com")
    #expect(member["issuer"]?.text == "https://localhost/{tenantid}/v2.0")
    let encoded = try #require(member["x5c"]?.texts?.first.flatMap { Data(base64Encoded: $0) })
    #expect(Base64URL.encode(Insecure.SHA1.hash(data: encoded)) == parts.keyID.text)
    let certificate = try NIOSSLCertificate(bytes: Array(encoded), format: .der)
    let modulus = try #require(member["n"]?.text.flatMap { Base64URL.decode($0.utf8) })
    #expect(try certificate.extractPublicKey().toSPKIBytes().contains(modulus))
    // Nothing private, and nothing that a library would have to skip.
    let names = Set((member.members ?? [:]).keys.map(\.text))
    #expect(names.isDisjoint(with: ["d", "p", "q", "dp", "dq", "qi", "crv"]))
  }

  @Test(
    "A directory of the first version gets an RSA key, and the tokens of its elliptic key stay valid until they expire")
  func ellipticKeys() async throws {
    let directory = try TemporaryDirectory()
    let elliptic = P256.Signing.PrivateKey()
    try PrivateFiles.write(
      Array((elliptic.pemRepresentation + "\n").utf8), to: directory.path + "/key-0001.pem", mode: 0o600,
      existing: .keep)
    let old = try Self.es256(try order().claims, elliptic)
    let own = try await OwnIssuer.load(directory: directory.path)
    let verifier = try verifier(own).0
    #expect(verifier.verify(token: old).caller != nil)
    let new = try await own.sign(try order())
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["key-0001.pem", "key-0002.pem"])
    #expect(try Self.header(new)["alg"]?.text == "RS256")
    #expect(verifier.verify(token: new).caller != nil && verifier.verify(token: old).caller != nil)
    let published = try JSONTree(try await own.keySet(issuer: "i"))["keys"]?.elements ?? []
    #expect(published.map { $0["kty"]?.text } == ["RSA"])
    let again = try await OwnIssuer.load(directory: directory.path)
    #expect(try self.verifier(again).0.verify(token: old).caller != nil)
    clock.advance(Limits.issuedTokenSecondsDefault + Limits.clockSkewSeconds)
    #expect(verifier.verify(token: old).refusal == .expired)
  }

  /// A token as the first version signed them.
  private static func es256(_ claims: [UInt8], _ key: P256.Signing.PrivateKey) throws -> String {
    let point = Array(key.publicKey.rawRepresentation)
    let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[32...]))
    let keyID = Base64URL.encode(SHA256.hash(data: Data(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8)))
    let header = Base64URL.encode(#"{"alg":"ES256","kid":"\#(keyID)","typ":"JWT"}"#.utf8)
    let signed = "\(header).\(Base64URL.encode(claims))"
    return "\(signed).\(Base64URL.encode(try key.signature(for: Data(signed.utf8)).rawRepresentation))"
  }

  private static func header(_ token: String) throws -> JSONTree {
    try JSONTree(try #require(Base64URL.decode(Array(token.utf8.prefix { $0 != UInt8(ascii: ".") }))))
  }

  @Test("A key file that others can read, or that is broken, is refused with a sentence")
  func badFiles() async throws {
    let directory = try TemporaryDirectory()
    _ = try await OwnIssuer.forTests(directory: directory.path)
    let path = directory.path + "/key-0001.pem"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    await #expect(throws: KeyFileError.exposed(path: path, mode: "644")) {
      try await OwnIssuer.forTests(directory: directory.path)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try "no key".write(toFile: path, atomically: false, encoding: .utf8)
    await #expect(throws: KeyFileError.broken(path: path)) { try await OwnIssuer.forTests(directory: directory.path) }
    #expect(KeyFileError.exposed(path: path, mode: "644").message.contains("chmod 600"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "no key")
  }

  @Test("Key files are bounded in size and number")
  func bounds() async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
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
    // Copies are as good as new keys here, and take no time.
    for number in 2...Limits.keyFilesMax {
      let name = String("000\(number)".suffix(4))
      try PrivateFiles.write(
        Array(text.utf8), to: "\(directory.path)/key-\(name).pem", mode: 0o600, existing: .keep)
    }
    try await own.reload()
    #expect(try JSONTree(try await own.keySet(issuer: "i"))["keys"]?.elements?.count == Limits.keyFilesMax)
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
    let own = try await OwnIssuer.forTests(directory: directory.path)
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
    "Own tokens are known by their key and tenant, whatever the address was when they were issued",
    arguments: [
      "https://localhost", "http://localhost:5", "https://127.0.0.1:8443", "https://people.example",
      "https://before.example:8443",
    ])
  func ownIssuers(base: String) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let verifier = try verifier(own, publicURL: "https://people.example/").0
    let token = try await own.sign(try order(base: base))
    #expect(verifier.verify(token: token).caller != nil)
    // With a key that is none of this server's, a name is a stranger's unless it could be this server's own.
    let stranger = try Self.es256(try order(base: base).claims, P256.Signing.PrivateKey())
    let refusal: TokenRefusal = base == "https://before.example:8443" ? .unknownIssuer : .unknownKey
    #expect(verifier.verify(token: stranger).refusal == refusal)
  }

  @Test(
    "An issuer's name must end as those of this server do", arguments: ["https://localhost/t", "https://localhost"])
  func issuerNames(name: String) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let token = try await sign(
      #"{"iss":"\#(name)","tid":"t","aud":"https://graph.microsoft.com","exp":\#(clock.now + 9)}"#, own)
    #expect(try verifier(own).0.verify(token: token).refusal == .unknownIssuer)
  }

  @Test(
    "Own audiences are Graph's, and those that the first version issued: the public URL and the bound addresses",
    arguments: [
      ("https://graph.microsoft.com", true), ("https://graph.microsoft.com/", true),
      ("00000003-0000-0000-c000-000000000000", true), ("https://people.example", true), ("http://localhost:8080", true),
      ("http://127.0.0.1:8080/", true), ("https://localhost:8443", true), ("https://localhost:8080", false),
      ("http://localhost", false), ("https://other.example", false), ("https://graph.microsoft.com//", false),
    ])
  func ownAudiences(audience: String, isAccepted: Bool) async throws {
    let directory = try TemporaryDirectory()
    let own = try await OwnIssuer.forTests(directory: directory.path)
    let (verifier, addresses) = try verifier(own, publicURL: "https://people.example")
    addresses.setBound(httpPort: 8_080, httpsPort: 8_443)
    let claims = """
      {"iss":"https://localhost/t/v2.0","tid":"t","aud":"\(audience)","exp":\(clock.now + 9),"oid":"o","scp":"User.Read"}
      """
    let token = try await sign(claims, own)
    #expect((verifier.verify(token: token).caller != nil) == isAccepted)
    if !isAccepted { #expect(verifier.verify(token: token).refusal == .wrongAudience) }
  }

  /// Signs claims of any kind with the key of the tests.
  private func sign(_ claims: String, _ own: OwnIssuer) async throws -> String {
    let directory = try TemporaryDirectory()
    _ = try await OwnIssuer.forTests(directory: directory.path)
    let pem = try String(contentsOfFile: directory.path + "/key-0001.pem", encoding: .utf8)
    let key = try #require(await SigningKey(pem: pem))
    #expect(own.key(key.verification.keyID) != nil)
    return try #require(key.sign(Array(claims.utf8)))
  }

  @Test(
    "A life outside the bounds is not signed",
    arguments: [
      (0, false), (1, true), (Limits.issuedTokenSecondsMax, true), (Limits.issuedTokenSecondsMax + 1, false),
      (-5, false),
    ])
  func life(seconds: Int, isAccepted: Bool) {
    let order = TokenSpecification(
      subject: .application(id: "a", name: nil, roles: []), tenant: .demo, issuedAt: 0, tokenID: "t",
      lifeSeconds: seconds)
    #expect((order != nil) == isAccepted)
  }
}
