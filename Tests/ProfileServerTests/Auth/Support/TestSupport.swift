import Foundation
import Logging
import Profiles
import Synchronization

@testable import ProfileServer

/// A directory that is removed when the test lets go of it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "facet-auth-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The permission bits of a file.
  func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
    return (attributes[.posixPermissions] as? Int) ?? -1
  }
}

extension OwnIssuer {
  /// The text of a key file. Making an RSA key is slow, so that tests share one, but for those of making it.
  private static let sharedKey = try? SigningKeyMaker.newKey()

  /// An issuer of a directory, which gets the tests' key when it has none.
  static func forTests(directory: String) async throws -> OwnIssuer {
    try PrivateFiles.makeDirectory(directory)
    if let sharedKey, try PrivateFiles.names(in: directory).isEmpty {
      try PrivateFiles.write(sharedKey, to: directory + "/key-0001.pem", mode: 0o600, placement: .exclusive)
    }
    return try await load(directory: directory)
  }
}

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
  private let seconds: Mutex<Int64>
  init(_ seconds: Int64 = 1_800_000_000) { self.seconds = Mutex(seconds) }
  var now: Int64 { seconds.withLock { $0 } }
  func advance(_ by: Int) { seconds.withLock { $0 += Int64(by) } }
}

let testTenant = "aaaaaaaa-0000-4000-8000-000000000001"

extension TokenVerdict {
  var caller: Caller? {
    if case .caller(let caller, _) = self { caller } else { nil }
  }

  var refusal: TokenRefusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }

  var needsKeys: Bool {
    if case .keysNeeded = self { true } else { false }
  }
}

extension TokenVerifier {
  func verify(token: String) -> TokenVerdict { verify(authorization: "Bearer " + token) }
}

/// A verifier with one external issuer, whose keys are already known, and a forge for its tokens.
struct ExternalFixture: Sendable {
  let forge: TokenForge
  let clock: TestClock
  let verifier: TokenVerifier
  let own: OwnIssuer
  let directory: TemporaryDirectory
  static let issuer = "https://login.example.com/\(testTenant)/v2.0"

  /// Keys come from `server`; `members` go into the issuer's entry in the file of --issuers.
  init(
    server: StubServer, forge: TokenForge, members: String = "", tenants: String = "[\"\(testTenant)\"]",
    fetcher: KeyFetcher = .patient
  ) async throws {
    self.forge = forge
    let clock = TestClock()
    let directory = try TemporaryDirectory()
    let entry = """
      [{"issuer":"\(Self.issuer)","audiences":["api://facet","https://graph.microsoft.com"],
        "tenants":\(tenants),"keysURL":"\(server.base)/keys"\(members)}]
      """
    let file = try IssuersFile(Array(entry.utf8))
    guard let addresses = AuthorityAddresses(publicURL: nil) else { throw TokenForge.ForgeError.noKey }
    own = try await OwnIssuer.forTests(directory: directory.path + "/keys")
    verifier = TokenVerifier(
      own: own, addresses: addresses, issuers: file.issuers, fetcher: fetcher, clock: { clock.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    self.clock = clock
    self.directory = directory
  }

  /// Claims of a delegated token of version 2.0; `changes` replace claims, null removes one.
  func claims(_ changes: [String: String] = [:]) -> String {
    var claims = [
      "iss": "\"\(Self.issuer)\"", "aud": "\"api://facet\"", "exp": "\(clock.now + 600)", "nbf": "\(clock.now)",
      "iat": "\(clock.now)", "tid": "\"\(testTenant)\"", "oid": "\"person-1\"", "sub": "\"pairwise\"",
      "scp": "\"User.ReadWrite openid\"", "azp": "\"app-1\"", "name": "\"Ada\"",
      "preferred_username": "\"ada@example.com\"", "ver": "\"2.0\"",
    ]
    for (name, value) in changes { claims[name] = value == "null" ? nil : value }
    return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",") + "}"
  }
}

/// Runs `body` with a fixture whose keys are loaded.
func withExternalIssuer(
  members: String = "", tenants: String = "[\"\(testTenant)\"]", extraKeys: [String] = [],
  _ body: (ExternalFixture, StubServer) async throws -> Void
) async throws {
  let forge = try TokenForge()
  try await StubServer.run { server in
    server.set("/keys", try forge.keySet(extra: extraKeys))
    let fixture = try await ExternalFixture(server: server, forge: forge, members: members, tenants: tenants)
    await fixture.verifier.refreshAllKeys()
    try await body(fixture, server)
  }
}

extension KeyFetcher {
  /// One for tests that are not about time: a machine that is busy with other tests must not fail them.
  static let patient = KeyFetcher(timeout: .seconds(120))
}
