import OData

/// An absolute URL that keys may be fetched from: https, or http on a loopback host only.
struct EndpointURL: Hashable, Sendable {
  /// Scheme and host are in lower case, as in `origin`.
  let text: String
  let origin: URLOrigin

  /// The URL, or nil when another host than this machine would be asked without TLS, or when it holds
  /// credentials, a fragment, white space or characters that a URL has not.
  init?(_ text: String) {
    guard let origin = URLOrigin(prefixOf: text), origin.isHTTPS || origin.isLoopback else { return nil }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.utf8.contains(UInt8(ascii: "#")) else { return nil }
    let scheme = origin.isHTTPS ? "https://" : "http://"
    let rest = text.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
    self.text = "\(origin.text)\(rest)"
    self.origin = origin
  }
}

/// Scheme, host and port of an absolute http or https URL.
struct URLOrigin: Hashable, Sendable {
  let isHTTPS: Bool
  /// In lower case; an IPv6 address with its brackets.
  let host: String
  let port: Int?

  /// The origin that `text` begins with, or nil when it is no http or https URL, or holds credentials.
  init?(prefixOf text: String) {
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

  /// The origin as a browser writes it in `Origin`, but for the port, which stands there when it was written.
  var text: String { "\(isHTTPS ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")" }

  /// Whether the host is this machine by its usual names.
  var isLoopback: Bool { HostAndPort.isLoopback(host) }

  /// The host as a resolver takes it: an IPv6 address without its brackets.
  var bareHost: String { HostAndPort.bare(host) }

  /// The port that is meant, also where none is written.
  var effectivePort: Int { port ?? (isHTTPS ? 443 : 80) }

  /// Whether both are one origin (RFC 6454 section 5).
  func isSame(as other: URLOrigin) -> Bool {
    isHTTPS == other.isHTTPS && host == other.host && effectivePort == other.effectivePort
  }
}

/// The authority part of a URL, or a `Host` header field (RFC 3986 section 3.2), without credentials.
struct HostAndPort: Hashable, Sendable {
  /// In lower case; an IPv6 address with its brackets.
  let host: String
  let port: Int?

  /// The parts, or nil when the host is empty or holds characters that a host name or address has not.
  init?(_ text: String) {
    let text = text.lowercased()
    let hostEnd: String.Index
    if text.hasPrefix("[") {
      guard let bracket = text.firstIndex(of: "]") else { return nil }
      hostEnd = text.index(after: bracket)
      guard text[..<hostEnd].utf8.dropFirst().dropLast().allSatisfy(Self.isAddressByte) else { return nil }
    } else {
      hostEnd = text.firstIndex(of: ":") ?? text.endIndex
      guard hostEnd > text.startIndex, text[..<hostEnd].utf8.allSatisfy(Self.isNameByte) else { return nil }
    }
    host = String(text[..<hostEnd])
    let rest = text[hostEnd...]
    guard !rest.isEmpty else {
      port = nil
      return
    }
    let digits = rest.dropFirst()
    guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
      (1...65_535).contains(number)
    else { return nil }
    port = number
  }

  /// Whether `host`, in lower case, names this machine: as `localhost`, or by one of its loopback addresses.
  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || NetworkAddress(bare(host))?.isLoopback == true
  }

  /// A host without the brackets of an IPv6 address.
  static func bare(_ host: String) -> String {
    host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    Hexadecimal.value(of: byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
  }
}
