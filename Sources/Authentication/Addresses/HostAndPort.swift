import OData

/// The authority component of a URL without credentials, or the value of a `Host` header field (RFC 3986 section 3.2).
public struct HostAndPort: Hashable, Sendable {
  /// In lower case; an IPv6 address with its brackets.
  public let host: String
  /// The port as written; nil when there is none.
  public let port: Int?

  /// The parts; nil when the host is empty or contains characters that neither a host name nor an address may have.
  public init?(_ text: String) {
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

  /// Whether `host`, in lower case, is `localhost` or a loopback address, with or without brackets.
  public static func isLoopback(_ host: String) -> Bool {
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
