import NIOCore
import NIOHTTP1
import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A request target: its origin form, and the authority that it names (RFC 9112 sections 3.2 and 3.3).
struct RequestTarget: Equatable {
  /// Path and query; `*` for the server as a whole (RFC 9112 section 3.2.4).
  let originForm: String
  /// Host and port of a target in absolute form, which replace those of `Host`; nil for the other forms.
  let authority: String?

  /// Parses a target. Throws `GraphError.malformedTarget` when it has none of the forms that the method allows, or an
  /// invalid authority.
  init(_ target: String, method: HTTPMethod) throws(GraphError) {
    guard !Self.isPlain(target) else {
      self.init(originForm: target)
      return
    }
    guard target.withBytes({ !$0.holdsAny(Self.isForbidden) }) else { throw .malformedTarget }
    switch target.utf8.first {
    case UInt8(ascii: "*") where target.utf8.count == 1 && method == .OPTIONS: self.init(originForm: target)
    default: try self.init(absolute: target)
    }
  }

  /// Whether a target is in origin form, as nearly all are, and has no forbidden byte.
  static func isPlain(_ target: String) -> Bool {
    target.withBytes { bytes in
      guard bytes.first == UInt8(ascii: "/"), let start = bytes.baseAddress, bytes.isASCII else { return false }
      return memchr(start, Int32(UInt8(ascii: "#")), bytes.count) == nil
    }
  }

  private init(originForm: String, authority: String? = nil) {
    self.originForm = originForm
    self.authority = authority
  }

  /// Parses the absolute form (RFC 9112 section 3.2.2). An empty path becomes `/` (section 3.2.1), even when a query
  /// with slashes follows.
  private init(absolute target: String) throws(GraphError) {
    let bytes = target.utf8
    let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
    guard ["http", "https"].contains(String(Substring(scheme)).lowercased()),
      bytes[scheme.endIndex...].starts(with: "://".utf8)
    else { throw .malformedTarget }
    let rest = bytes[scheme.endIndex...].dropFirst(3)
    let authority = String(Substring(rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }))
    guard !authority.isEmpty, HostField.isValid(authority) else { throw .malformedTarget }
    let path = String(Substring(rest.dropFirst(authority.utf8.count)))
    self.init(originForm: path.utf8.first == UInt8(ascii: "/") ? path : "/" + path, authority: authority)
  }

  /// A target has no fragment, and its other characters are ASCII (RFC 3986 section 2). NIO's decoder has already
  /// replaced bytes that are not UTF-8 by one character, so different targets would look the same.
  private static func isForbidden(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte >= 0x80 }
}

/// The value of a `Host` field (RFC 9110 section 7.2).
enum HostField {
  /// Whether the text is a host with an optional port, or empty as for a target without authority. It has no userinfo,
  /// no whitespace and is no list. A name may have the characters of RFC 3986 section 3.2.2 except the comma.
  static func isValid(_ text: String) -> Bool { text.withBytes(isPlain) || isOther(text) }

  /// The fast path: letters, digits, dots and hyphens, with a port of at most four digits.
  private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
    guard end > 0, text.count - end <= 5 else { return false }
    return !UnsafeBufferPointer(rebasing: text[..<end]).holdsAny { byte in
      !isDigit(byte) && !isLetter(byte) && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "-")
    } && text[end...].dropFirst().allSatisfy(isDigit)
  }

  private static func isOther(_ text: String) -> Bool {
    guard text.utf8.first != UInt8(ascii: "[") else { return isLiteral(text) }
    let host = text.utf8.prefix { $0 != UInt8(ascii: ":") }
    guard !host.isEmpty || text.isEmpty else { return false }
    return isName(host) && isPort(text.utf8[host.endIndex...])
  }

  /// Whether the text begins with an IPv6 address in brackets, with an optional port.
  private static func isLiteral(_ text: String) -> Bool {
    guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return false }
    let address = String(Substring(text.utf8[..<end].dropFirst()))
    guard address.contains(byte: UInt8(ascii: ":")), !address.contains(byte: UInt8(ascii: "%")) else { return false }
    guard (try? SocketAddress(ipAddress: address, port: 0)) != nil else { return false }
    return isPort(text.utf8[end...].dropFirst())
  }

  /// Whether the text is empty, or a colon and a port number, which may be empty (RFC 3986 section 3.2.3).
  private static func isPort(_ text: Substring.UTF8View) -> Bool {
    guard let colon = text.first else { return true }
    let digits = text.dropFirst()
    guard colon == UInt8(ascii: ":"), digits.allSatisfy(isDigit) else { return false }
    return digits.isEmpty || UInt16(Substring(digits)) != nil
  }

  private static func isName(_ name: Substring.UTF8View) -> Bool {
    var rest = name
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): continue
      case UInt8(ascii: "%"):
        guard rest.popFirst().flatMap(Hexadecimal.value) != nil, rest.popFirst().flatMap(Hexadecimal.value) != nil
        else {
          return false
        }
      default: guard isDigit(byte) || isLetter(byte) || marks.contains(byte) else { return false }
      }
    }
    return true
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static let marks = Set("!$&'()*+;=".utf8)
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether no byte has its highest bit set; tests eight bytes at a time.
  fileprivate var isASCII: Bool {
    let bytes = UnsafeRawBufferPointer(self)
    var place = 0
    while place + 8 <= bytes.count {
      guard bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
        return false
      }
      place += 8
    }
    return bytes[place...].allSatisfy { $0 < 0x80 }
  }
}
