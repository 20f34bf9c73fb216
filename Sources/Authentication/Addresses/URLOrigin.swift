/// Scheme, host and port of an absolute http or https URL (RFC 6454 section 4).
public struct URLOrigin: Hashable, Sendable {
  /// Whether the scheme is https rather than http.
  public let isHTTPS: Bool
  /// In lower case; an IPv6 address with its brackets.
  public let host: String
  /// The port as written; nil when it is left to the scheme.
  public let port: Int?

  /// The origin that `text` begins with; nil when it is no http or https URL, or contains credentials.
  public init?(prefixOf text: String) {
    let lowercased = text.lowercased()
    let schemeLength: Int
    if lowercased.hasPrefix("https://") {
      (isHTTPS, schemeLength) = (true, 8)
    } else if lowercased.hasPrefix("http://") {
      (isHTTPS, schemeLength) = (false, 7)
    } else {
      return nil
    }
    let authority = lowercased.dropFirst(schemeLength).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let parts = HostAndPort(String(authority)) else { return nil }
    (host, port) = (parts.host, parts.port)
  }

  /// The origin as in an `Origin` header field, except that the port appears whenever it was written.
  public var text: String { "\(isHTTPS ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")" }

  /// Whether the host is `localhost` or a loopback address.
  public var isLoopback: Bool { HostAndPort.isLoopback(host) }

  /// The host as a resolver takes it: an IPv6 address without its brackets.
  var bareHost: String { HostAndPort.bare(host) }

  /// The port as written, or else the default port of the scheme.
  public var effectivePort: Int { port ?? (isHTTPS ? 443 : 80) }

  /// Whether both are the same origin (RFC 6454 section 5).
  public func isSame(as other: URLOrigin) -> Bool {
    isHTTPS == other.isHTTPS && host == other.host && effectivePort == other.effectivePort
  }
}
