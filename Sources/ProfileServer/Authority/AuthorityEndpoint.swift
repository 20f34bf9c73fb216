import Authority
import HTTPTypes

/// The endpoints of the authority, each with its path, its method and the origins whose pages may read its answers.
enum AuthorityEndpoint: CaseIterable {
  case configuration
  case keys
  case instances
  case token
  case appServiceIdentity
  case machineIdentity

  /// The origins whose pages may read an answer (Fetch standard, CORS protocol).
  enum OriginPolicy: Equatable {
    /// Every origin: the document is public.
    case anyOrigin
    /// The origins that an application registered. None can be registered yet; a demo accepts those of this machine.
    case registeredOrigins
    /// No origin: the endpoint is for programs.
    case noOrigin
  }

  /// The path; `:tenant` stands for any segment.
  var path: String {
    switch self {
    case .configuration: "/:tenant/v2.0/.well-known/openid-configuration"
    case .keys: "/:tenant/discovery/v2.0/keys"
    case .instances: "/:tenant/discovery/instance"
    case .token: "/:tenant/oauth2/v2.0/token"
    case .appServiceIdentity: ManagedIdentity.appServicePath
    case .machineIdentity: ManagedIdentity.machinePath
    }
  }

  /// The method; an endpoint that takes GET also takes HEAD.
  var method: HTTPRequest.Method {
    switch self {
    case .token: .post
    case .configuration, .keys, .instances, .appServiceIdentity, .machineIdentity: .get
    }
  }

  /// The value of `Allow`.
  var allowedMethods: String { method == .get ? "GET, HEAD" : method.rawValue }

  /// The origins whose pages may read answers.
  var originPolicy: OriginPolicy {
    switch self {
    case .configuration, .keys, .instances: .anyOrigin
    case .token: .registeredOrigins
    case .appServiceIdentity, .machineIdentity: .noOrigin
    }
  }

  /// The endpoint at `path`; nil when there is none.
  init?(path: String) {
    let segments = Self.segments(path)
    let found = Self.allCases.first { endpoint in
      let own = Self.segments(endpoint.path)
      return own.count == segments.count && zip(own, segments).allSatisfy { $0 == ":tenant" || $0 == $1 }
    }
    guard let found else { return nil }
    self = found
  }

  /// Whether a path is meant for an authority: an endpoint of this one, or one that other authorities have. Clients of
  /// authorities cannot read errors in Graph's form.
  static func isMeant(_ path: String) -> Bool {
    let segments = segments(path).map { $0.lowercased() }
    guard let first = segments.first, !RequestHeadValidation.isGraph(path) else { return false }
    return TenantSegment(first) != nil || ["msi", "metadata"].contains(first)
      || segments.contains(where: words.contains)
  }

  /// Path segments that occur in authorities, but not in Graph.
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
