import OData
import Profiles

/// The built-in authority's answers, without HTTP around them.
public struct Authority: Sendable {
  let issuer: OwnIssuer
  let addresses: AuthorityAddresses
  /// Without `--demo` there is none.
  let clients: [ConfidentialClient]
  let managedIdentity: ManagedIdentity?
  /// Seconds since 1970.
  let clock: @Sendable () -> Int64
  /// A new GUID in lower case.
  let makeID: @Sendable () -> String

  /// The cloud whose authority this one stands for: libraries made for Entra compare it in the key set and in discovery.
  static let cloudName = "microsoftonline.com"

  /// An authority; with `demo` its client and managed identity are active.
  public init(
    issuer: OwnIssuer, addresses: AuthorityAddresses, demo: DemoCredentials?,
    clock: @escaping @Sendable () -> Int64, makeID: @escaping @Sendable () -> String
  ) {
    self.issuer = issuer
    self.addresses = addresses
    clients = demo.map { [$0.client] } ?? []
    managedIdentity = demo.map { ManagedIdentity(header: $0.identityHeader, client: $0.client) }
    self.clock = clock
    self.makeID = makeID
  }

  /// Whether this is a demo's authority.
  var isDemo: Bool { managedIdentity != nil }

  /// The tenant of a URL's first segment.
  enum TenantSegment: Equatable {
    case tenant(TenantID)
    /// `common`, `organizations` or `consumers`: known to discovery only.
    case anyOf(String)

    /// The segment's meaning, or nil when it is neither a GUID nor one of the words.
    init?(_ text: String) {
      let word = text.lowercased()
      if ["common", "organizations", "consumers"].contains(word) {
        self = .anyOf(word)
      } else if Self.isGUID(word), let tenant = TenantID(word) {
        self = .tenant(tenant)
      } else {
        return nil
      }
    }

    private static func isGUID(_ text: String) -> Bool {
      let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
      return groups.map(\.count) == [8, 4, 4, 4, 12]
        && groups.allSatisfy { $0.allSatisfy { Hexadecimal.value(of: $0) != nil } }
    }
  }

  /// An app-only token for `client`.
  func accessToken(for client: ConfidentialClient) async throws(AuthorityRefusal) -> (text: String, expires: Int64) {
    let now = clock()
    let order = TokenSpecification(
      subject: .application(id: client.id, name: client.displayName, roles: client.roles), tenant: client.tenant,
      issuedAt: now, tokenID: makeID(), base: addresses.base)
    guard let order else { throw .signingFailed }
    do throws(SigningFailure) {
      return (try await issuer.sign(order), now + Int64(order.lifeSeconds))
    } catch {
      throw AuthorityRefusal(error)
    }
  }

  /// Whether `resource` is a name of this server. In a demo azure-cli knows it as a resource manager too.
  func isOwnResource(_ resource: String) -> Bool {
    guard isDemo, resource.hasSuffix(Self.resourceManagerSuffix) else { return addresses.isOwnResource(resource) }
    return addresses.isOwnAudience(String(resource.dropLast(Self.resourceManagerSuffix.count)))
  }

  private static let resourceManagerSuffix = "/arm"

  /// The document of a refusal, in the shape that official clients read.
  func answer(_ refusal: AuthorityRefusal, correlationID: String?) -> AuthorityAnswer {
    var answer = AuthorityAnswer(status: refusal.status) { writer in
      writer.member("error", refusal.code)
      writer.member("error_description", "AADSTS\(refusal.number): \(refusal.message)")
      writer.name("error_codes")
      writer.beginArray()
      writer.element()
      writer.int(refusal.number)
      writer.endArray()
      writer.member("timestamp", Self.timestamp(clock()))
      writer.member("trace_id", makeID())
      writer.member("correlation_id", correlationID ?? makeID())
    }
    answer.challenge = refusal == .wrongClient(usedBasic: true) ? #"Basic realm="facet""# : nil
    answer.retryAfterSeconds = refusal.retryAfterSeconds
    answer.allowedMethods = refusal.allowedMethods
    return answer
  }

  private static func timestamp(_ seconds: Int64) -> String {
    let time = DateTimeOffset(unixSeconds: seconds).utf8WithoutFraction
    return String(decoding: time, as: UTF8.self).replacing("T", with: " ").replacing("Z", with: "") + "Z"
  }
}
