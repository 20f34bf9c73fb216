/// An absolute URL that keys may be fetched from: https, or http to a loopback host.
struct EndpointURL: Hashable, Sendable {
  /// Scheme and host are in lower case, as in `origin`.
  let text: String
  let origin: URLOrigin

  /// The URL; nil when it would send a request without TLS to another machine, or when it contains credentials, a
  /// fragment, white space or characters outside ASCII.
  init?(_ text: String) {
    guard let origin = URLOrigin(prefixOf: text), origin.isHTTPS || origin.isLoopback else { return nil }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.utf8.contains(UInt8(ascii: "#")) else { return nil }
    let scheme = origin.isHTTPS ? "https://" : "http://"
    let rest = text.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
    self.text = "\(origin.text)\(rest)"
    self.origin = origin
  }
}
