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
  func accessToken(for client: ConfidentialClient, audience: String, host: String?) throws(AuthorityRefusal) -> (
    text: String, expires: Int64
  ) {
    let now = clock()
    let order = TokenOrder(
      subject: .application(id: client.id, name: client.displayName, roles: client.roles), tenant: client.tenant,
      issuedAt: now, tokenID: makeID(), base: addresses.issuerBase(forHost: host), audience: audience)
    guard let order, let text = issuer.sign(order) else { throw .signingFailed }
    return (text, now + Int64(order.lifeSeconds))
  }

  /// The document of a refusal, in the shape that official clients read.
  func answer(_ refusal: AuthorityRefusal, correlationID: String?) -> AuthorityAnswer {
    let usedBasic = refusal == .wrongClient(usedBasic: true)
    return AuthorityAnswer(status: refusal.status, challenge: usedBasic ? #"Basic realm="facet""# : nil) { writer in
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
  }

  private static func timestamp(_ seconds: Int64) -> String {
    let time = DateTimeOffset(unixSeconds: seconds).utf8WithoutFraction
    return String(decoding: time, as: UTF8.self).replacing("T", with: " ").replacing("Z", with: "") + "Z"
  }
}
