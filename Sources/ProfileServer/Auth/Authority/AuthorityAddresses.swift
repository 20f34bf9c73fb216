import OData
import Profiles
import Synchronization

/// Under which address this server is its own authority, and for which audiences its tokens are.
///
/// There is one address, whichever listener is asked and whatever name a client calls it by: what a `Host` field says never
/// becomes part of an issuer. Ports are known only once the listeners are bound, so they are set later and may be read at
/// any time.
public final class AuthorityAddresses: Sendable {
  /// The audience of every token that is issued, by whatever name it was asked for.
  public static let graphAudience = "https://graph.microsoft.com"
  /// The address before a server has told its own: that of `facet serve` without options.
  public static let defaultBase = "https://localhost:\(defaultHTTPSPort)"
  /// The TLS port unless another is asked for.
  public static let defaultHTTPSPort = 8_443

  private static let graphAudiences: Set<BytewiseString> = [
    "https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000",
  ]

  private struct Ports {
    var http: Int?
    var https: Int?
  }

  /// The URL of `--public-url` without a slash at its end.
  private let publicBase: String?
  private let ports = Mutex(Ports())

  /// Addresses of a server with this `--public-url`; nil when it is not an absolute http or https URL.
  public init?(publicURL: String?) {
    guard let publicURL else {
      publicBase = nil
      return
    }
    guard URLOrigin(prefixOf: publicURL) != nil, !publicURL.contains(where: { $0 == "?" || $0 == "#" }) else {
      return nil
    }
    publicBase = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
  }

  /// Tells the ports that the listeners have got; nil for a listener that there is not.
  public func setBound(httpPort: Int?, httpsPort: Int?) {
    ports.withLock { $0 = Ports(http: httpPort, https: httpsPort) }
  }

  /// Whether an address with this origin is one of this server: that of the public URL, or of one of its listeners on this
  /// machine.
  func isOwn(_ origin: URLOrigin) -> Bool {
    if let base = publicBase.flatMap({ URLOrigin(prefixOf: $0) }), base.isSame(as: origin) { return true }
    guard origin.isLoopback else { return false }
    return ports.withLock { (origin.isHTTPS ? $0.https : $0.http) == origin.effectivePort }
  }

  /// What every URL of the authority and the name of every issuer begin with, without a slash at its end: the public URL, or
  /// this machine with the TLS port, since official clients refuse an authority without TLS.
  public var base: String {
    if let publicBase { return publicBase }
    guard let port = ports.withLock(\.https) else { return Self.defaultBase }
    return port == 443 ? "https://localhost" : "https://localhost:\(port)"
  }

  /// The name of the issuer of a tenant's tokens.
  func issuer(of tenant: String) -> String { Self.issuer(of: tenant, base: base) }

  /// The same with a base that is known already.
  static func issuer(of tenant: String, base: String) -> String { "\(base)/\(tenant)\(issuerSuffix)" }

  private static let issuerSuffix = "/v2.0"

  /// The `WWW-Authenticate` of a 401 (RFC 6750 section 3), as Graph's clients know it, with this authority in it.
  var challenge: String {
    let uri = "\(base)/common/oauth2/authorize"
    return #"Bearer realm="", authorization_uri="\#(uri)", client_id="00000003-0000-0000-c000-000000000000""#
  }

  // MARK: Audiences

  /// Whether a token of the own authority with this audience is meant for this server. Those of earlier versions have the
  /// name that they were asked for by.
  func isOwnAudience(_ audience: String) -> Bool {
    if Self.graphAudiences.contains(BytewiseString(audience)) { return true }
    let trimmed = audience.hasSuffix("/") ? String(audience.dropLast()) : audience
    if let publicBase, BytewiseString(trimmed) == BytewiseString(publicBase) { return true }
    guard let origin = Self.loopback(trimmed) else { return false }
    return ports.withLock { ports in
      let bound = origin.isHTTPS ? ports.https : ports.http
      return bound != nil && bound == origin.effectivePort
    }
  }

  /// Whether `resource` is a name of this server.
  ///
  /// Kiota asks for the host without its port, so `http://localhost` and the public host mean this server. azure-cli asks for
  /// two slashes at the end.
  func isOwnResource(_ resource: String) -> Bool {
    if isOwnAudience(resource) { return true }
    let trimmed = resource.hasSuffix("/") ? String(resource.dropLast()) : resource
    guard let origin = URLOrigin(prefixOf: trimmed), origin.port == nil else { return false }
    let isBare = trimmed.lowercased().hasSuffix("://\(origin.host)")
    return isBare && (origin.isLoopback || origin.host == publicBase.flatMap { URLOrigin(prefixOf: $0)?.host })
  }

  /// The origin of a text that is nothing but an origin of this machine, or nil.
  private static func loopback(_ text: String) -> URLOrigin? {
    guard let origin = URLOrigin(prefixOf: text), origin.isLoopback, BytewiseString(origin.text) == BytewiseString(text) else {
      return nil
    }
    return origin
  }

  // MARK: Issuers

  /// The tenant that the name of an issuer ends with, as `{base}/{tenant}/v2.0`, or nil.
  ///
  /// What stands before it does not matter: a token is the own authority's by its key, and stays so when the address changes.
  static func tenant(inIssuer name: String) -> String? {
    guard name.utf8.count <= Limits.urlBytesMax, name.hasSuffix(issuerSuffix) else { return nil }
    let rest = name.dropLast(issuerSuffix.count)
    guard let slash = rest.lastIndex(of: "/") else { return nil }
    return String(rest[rest.index(after: slash)...])
  }

  /// Whether an issuer of this name would be this server, so that a token with an unknown key is more likely one of a key that
  /// is gone than of a stranger.
  func isOwnIssuer(_ name: String) -> Bool {
    guard let tenant = Self.tenant(inIssuer: name) else { return false }
    return BytewiseString(name) == BytewiseString(issuer(of: tenant)) || URLOrigin(prefixOf: name)?.isLoopback == true
  }
}

extension AuthorityAddresses {
  /// The address that a server kept at `path`, for commands beside it; the default when none has kept any. Blocks.
  public static func keptBase(at path: String) throws(KeyFileError) -> String {
    guard let bytes = try PrivateFiles.readIfPresent(path, isSecret: false) else { return defaultBase }
    let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    guard let kept = AuthorityAddresses(publicURL: text) else { throw .broken(path: path) }
    return kept.base
  }

  /// Keeps the address for commands beside this server. Does nothing when it is there already.
  public func keepBase(at path: String) async throws(KeyFileError) {
    let line = Array("\(base)\n".utf8)
    try await PrivateFiles.offPool { () throws(KeyFileError) in
      guard try PrivateFiles.readIfPresent(path, isSecret: false) != line else { return }
      try PrivateFiles.write(line, to: path, mode: 0o600, placement: .replacing)
    }
  }
}
