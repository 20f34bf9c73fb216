import OData
import Profiles
import Synchronization

/// Under which addresses this server is its own authority, and for which audiences its tokens are.
///
/// Ports are known only once the listeners are bound, so they are set later and may be read at any time.
public final class AuthorityAddresses: Sendable {
  /// The audience that tokens are issued for unless another is asked for.
  public static let graphAudience = "https://graph.microsoft.com"
  /// The base of issuers when no better one is known; accepted wherever the key is, whatever the port.
  public static let localBase = "https://localhost"

  private static let graphAudiences: Set<ExactText> = [
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

  /// The base of the authority's URLs as a client reaches them, always https on this machine.
  ///
  /// `host` is the client's `Host` field. The public URL wins, except for clients on this machine. A client of the
  /// plain listener is sent to the port of the other one, since official clients refuse an authority without TLS.
  func base(forHost host: String?) -> String {
    let parts = host.flatMap { HostAndPort($0) }
    if let publicBase, parts.map({ !HostAndPort.isLoopback($0.host) }) ?? true { return publicBase }
    let ports = ports.withLock { $0 }
    guard let parts else { return Self.localBase + Self.suffix(ports.https) }
    let isPlain = parts.port.map { $0 == ports.http } ?? (ports.http == 80)
    return "https://\(parts.host)\(Self.suffix(isPlain ? ports.https : parts.port))"
  }

  /// The base that tokens name their issuer by: that of the URLs where it would be accepted, else the local one.
  func issuerBase(forHost host: String?) -> String {
    let base = base(forHost: host)
    return isOwnBase(base) ? base : Self.localBase
  }

  /// The `WWW-Authenticate` of a 401 (RFC 6750 section 3), as Graph's clients know it, with this authority in it.
  func challenge(forHost host: String?) -> String {
    let uri = "\(base(forHost: host))/common/oauth2/authorize"
    return #"Bearer realm="", authorization_uri="\#(uri)", client_id="00000003-0000-0000-c000-000000000000""#
  }

  private static func suffix(_ port: Int?) -> String {
    guard let port, port != 443 else { return "" }
    return ":\(port)"
  }

  /// Whether tokens whose issuer begins so may be this server's: the public URL, or this machine with any port.
  ///
  /// Only this server holds the key, and its ports may change between two starts.
  func isOwnBase(_ base: String) -> Bool {
    if let publicBase, ExactText(base) == ExactText(publicBase) { return true }
    guard let origin = URLOrigin(prefixOf: base), origin.isLoopback else { return false }
    let port = origin.port.map { ":\($0)" } ?? ""
    return ExactText(base) == ExactText("\(origin.isHTTPS ? "https" : "http")://\(origin.host)\(port)")
  }

  /// Whether a token of the own authority with this audience is meant for this server.
  func isOwnAudience(_ audience: String) -> Bool {
    if Self.graphAudiences.contains(ExactText(audience)) { return true }
    let trimmed = audience.hasSuffix("/") ? String(audience.dropLast()) : audience
    if let publicBase, ExactText(trimmed) == ExactText(publicBase) { return true }
    guard isOwnBase(trimmed), let origin = URLOrigin(prefixOf: trimmed) else { return false }
    return ports.withLock { ports in
      let bound = origin.isHTTPS ? ports.https : ports.http
      return bound != nil && bound == (origin.port ?? (origin.isHTTPS ? 443 : 80))
    }
  }

  /// The audience of a token for `resource`, or nil when the resource is not this server.
  ///
  /// Kiota asks for the host without its port, so `http://localhost` and the public host mean this server.
  func audience(forResource resource: String) -> String? {
    if isOwnAudience(resource) { return resource }
    let trimmed = resource.hasSuffix("/") ? String(resource.dropLast()) : resource
    guard let origin = URLOrigin(prefixOf: trimmed), origin.port == nil else { return nil }
    let isBare = trimmed.lowercased().hasSuffix("://\(origin.host)")
    let isOwnHost = origin.isLoopback || origin.host == publicBase.flatMap { URLOrigin(prefixOf: $0)?.host }
    return isBare && isOwnHost ? Self.graphAudience : nil
  }

  /// The tenant that an own issuer's name holds, as `{base}/{tenant}/v2.0`, or nil when the name is another's.
  func tenant(inOwnIssuer name: String) -> String? {
    let suffix = "/v2.0"
    guard name.utf8.count <= Limits.urlBytesMax, name.hasSuffix(suffix) else { return nil }
    let rest = name.dropLast(suffix.count)
    guard let slash = rest.lastIndex(of: "/") else { return nil }
    guard isOwnBase(String(rest[..<slash])) else { return nil }
    return String(rest[rest.index(after: slash)...])
  }
}
