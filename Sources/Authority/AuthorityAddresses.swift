public import Authentication
import OData
import Synchronization

/// The address of the built-in authority, and the audiences of its tokens.
///
/// There is one address, whichever listener is asked and by whatever name: the value of `Host` never becomes part of an
/// issuer. Ports are known only once the listeners are bound, so they are set later; they can be read at any time.
public final class AuthorityAddresses: Sendable {
  /// The audience of every token that is issued, by whatever name it was asked for.
  public static let graphAudience = "https://graph.microsoft.com"
  /// The address until a server has set its own: that of `facet serve` without options.
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

  /// The addresses of a server with this `--public-url`; nil when that is not an absolute http or https URL, or has a
  /// query or fragment.
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

  /// Sets the ports that the listeners are bound to; nil for a listener that does not exist.
  public func setBound(httpPort: Int?, httpsPort: Int?) {
    ports.withLock { $0 = Ports(http: httpPort, https: httpsPort) }
  }

  /// Whether `origin` is one of this server's: that of the public URL, or that of a listener on this machine.
  public func isOwn(_ origin: URLOrigin) -> Bool {
    if let base = publicBase.flatMap({ URLOrigin(prefixOf: $0) }), base.isSame(as: origin) { return true }
    guard origin.isLoopback else { return false }
    return ports.withLock { (origin.isHTTPS ? $0.https : $0.http) == origin.effectivePort }
  }

  /// The prefix of every URL of the authority and of every issuer name, without a trailing slash: the public URL, or
  /// else this machine with the TLS port, since official clients refuse an authority without TLS.
  public var base: String {
    if let publicBase { return publicBase }
    guard let port = ports.withLock(\.https) else { return Self.defaultBase }
    return port == 443 ? "https://localhost" : "https://localhost:\(port)"
  }

  /// The name of the issuer of a tenant's tokens.
  public func issuer(of tenant: String) -> String { Self.issuer(of: tenant, base: base) }

  /// The same for a given base.
  static func issuer(of tenant: String, base: String) -> String { "\(base)/\(tenant)\(issuerSuffix)" }

  private static let issuerSuffix = "/v2.0"

  // MARK: Audiences

  /// Whether a token of the built-in authority with this audience is meant for this server. Version 0.1.0 put in the
  /// name of the resource as the request had it.
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

  /// Whether `resource` names this server.
  ///
  /// Kiota sends the host without its port, so `http://localhost` and the public host name this server. azure-cli sends
  /// two slashes at the end.
  func isOwnResource(_ resource: String) -> Bool {
    if isOwnAudience(resource) { return true }
    let trimmed = resource.hasSuffix("/") ? String(resource.dropLast()) : resource
    guard let origin = URLOrigin(prefixOf: trimmed), origin.port == nil else { return false }
    let isBare = trimmed.lowercased().hasSuffix("://\(origin.host)")
    return isBare && (origin.isLoopback || origin.host == publicBase.flatMap { URLOrigin(prefixOf: $0)?.host })
  }

  /// The origin when `text` is exactly an origin on this machine; nil otherwise.
  private static func loopback(_ text: String) -> URLOrigin? {
    guard let origin = URLOrigin(prefixOf: text), origin.isLoopback, BytewiseString(origin.text) == BytewiseString(text)
    else {
      return nil
    }
    return origin
  }

  // MARK: Issuers

  /// The tenant in the name of an issuer, `{base}/{tenant}/v2.0`; nil for a name of another form.
  ///
  /// The base does not matter: a token is recognized by its key, and stays valid when the address changes.
  static func tenant(inIssuer name: String) -> String? {
    guard name.utf8.count <= Limits.issuerNameBytesMax, name.hasSuffix(issuerSuffix) else { return nil }
    let rest = name.dropLast(issuerSuffix.count)
    guard let slash = rest.lastIndex(of: "/") else { return nil }
    return String(rest[rest.index(after: slash)...])
  }

  /// Whether `name` would be an issuer name of this server, so that a token with an unknown key was more likely signed
  /// with a key that has been removed than issued by somebody else.
  func isOwnIssuer(_ name: String) -> Bool {
    guard let tenant = Self.tenant(inIssuer: name) else { return false }
    return BytewiseString(name) == BytewiseString(issuer(of: tenant)) || URLOrigin(prefixOf: name)?.isLoopback == true
  }
}

extension AuthorityAddresses {
  /// The address that a server stored at `path` for commands beside it; the default when none was stored. Blocks.
  /// Throws `KeyFileError` when the file cannot be read or holds no address.
  public static func keptBase(at path: String) throws(KeyFileError) -> String {
    guard let bytes = try PrivateFiles.readIfPresent(path, isSecret: false) else { return defaultBase }
    let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    guard let kept = AuthorityAddresses(publicURL: text) else { throw .broken(path: path) }
    return kept.base
  }

  /// Stores the address at `path` for commands beside this server, unless it is there already. Throws `KeyFileError`
  /// when it cannot be written.
  public func keepBase(at path: String) async throws(KeyFileError) {
    let line = Array("\(base)\n".utf8)
    try await PrivateFiles.offPool { () throws(KeyFileError) in
      guard try PrivateFiles.readIfPresent(path, isSecret: false) != line else { return }
      try PrivateFiles.write(line, to: path, mode: 0o600, existing: .replace)
    }
  }
}
