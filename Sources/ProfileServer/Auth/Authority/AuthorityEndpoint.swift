import HTTPTypes
import OData

/// The endpoints of the authority: where each is, what method it takes, and which pages of browsers may read its answers.
enum AuthorityEndpoint: CaseIterable {
  case configuration
  case keys
  case instances
  case token
  case appServiceIdentity
  case machineIdentity

  /// Which pages may read an answer (Fetch standard, CORS).
  enum Readers: Equatable {
    /// What is published for everybody.
    case anyPage
    /// Pages of origins that an application registered. None can be registered yet; a demo takes those of this machine.
    case registeredOrigins
    /// Endpoints for programs: no page.
    case noPage
  }

  /// The path; `:tenant` is any segment.
  var path: String {
    switch self {
    case .configuration: "/:tenant/v2.0/.well-known/openid-configuration"
    case .keys: "/:tenant/discovery/v2.0/keys"
    case .instances: "/:tenant/discovery/instance"
    case .token: "/:tenant/oauth2/v2.0/token"
    case .appServiceIdentity: Authority.identityPath
    case .machineIdentity: Authority.machineIdentityPath
    }
  }

  /// The method; with GET goes HEAD.
  var method: HTTPRequest.Method {
    switch self {
    case .token: .post
    case .configuration, .keys, .instances, .appServiceIdentity, .machineIdentity: .get
    }
  }

  /// The value of `Allow`.
  var allowedMethods: String { method == .get ? "GET, HEAD" : method.rawValue }

  /// Who may read answers.
  var readers: Readers {
    switch self {
    case .configuration, .keys, .instances: .anyPage
    case .token: .registeredOrigins
    case .appServiceIdentity, .machineIdentity: .noPage
    }
  }

  /// The endpoint at a path, or nil.
  init?(path: String) {
    let segments = Self.segments(path)
    let found = Self.allCases.first { endpoint in
      let own = Self.segments(endpoint.path)
      return own.count == segments.count && zip(own, segments).allSatisfy { $0 == ":tenant" || $0 == $1 }
    }
    guard let found else { return nil }
    self = found
  }

  /// Whether a path is meant for an authority, this one's endpoint or one that only others have: clients of authorities cannot
  /// read refusals in Graph's shape.
  static func isMeant(_ path: String) -> Bool {
    let segments = segments(path).map { $0.lowercased() }
    guard let first = segments.first, !RequestHeadValidation.isGraph(path) else { return false }
    return Authority.TenantSegment(first) != nil || ["msi", "metadata"].contains(first)
      || segments.contains(where: words.contains)
  }

  /// Segments that paths of authorities have, and no path of Graph.
  private static let words: Set<String> = [
    ".well-known", "discovery", "oauth2", "openid", "openid-configuration", "userrealm", "authorize", "token",
    "devicecode", "devicelogin", "deviceauth", "device_authorization", "introspect", "revoke", "logout", "jwks",
    "saml2",
    "wsfed", "federationmetadata", "adminconsent", "getcredentialtype",
  ]

  private static func segments(_ path: String) -> [Substring] {
    path.prefix { $0 != "?" }.split(separator: "/")
  }
}
