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

/// What a request is sent to: the target in origin form, and the authority that it names (RFC 9112 sections 3.2 and 3.3).
struct RequestTarget: Equatable {
  /// Path and query; `*` for the server as a whole.
  let originForm: String
  /// Host and port of a target in absolute form, which count instead of those in `Host`; nil for other forms.
  let authority: String?

  /// Reads a target. Throws when it is of no form that the method may have, or names an authority that is none.
  init(_ target: String, method: HTTPMethod) throws(GraphError) {
    guard !Self.isPlain(target) else {
      self.init(originForm: target)
      return
    }
    guard target.withBytes({ !$0.holdsAny(Self.isForeign) }) else { throw .malformedTarget }
    switch target.utf8.first {
    case UInt8(ascii: "*") where target.utf8.count == 1 && method == .OPTIONS: self.init(originForm: target)
    default: try self.init(absolute: target)
    }
  }

  /// Whether a target is in origin form, as nearly all are, and nothing of it is foreign.
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

  /// The path of a target without one is `/`, also when a query follows that holds slashes (RFC 9112 section 3.2.1).
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

  /// A fragment is never sent, and what is not ASCII is percent-encoded (RFC 3986 section 2). Bytes that are not UTF-8
  /// were replaced by a character before they came here, so that two targets would be one.
  private static func isForeign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte >= 0x80 }
}

/// The value of a `Host` field (RFC 9110 section 7.2).
enum HostField {
  /// Whether the text is a host with an optional port, or empty as for a target without authority. There is no user in
  /// it, no blank, and no list. Names may have the characters that DNS and RFC 3986 section 3.2.2 allow, but for the
  /// comma.
  static func isValid(_ text: String) -> Bool { text.withBytes(isPlain) || isOther(text) }

  /// Letters, digits, dots and hyphens with a port of four digits at most: what nearly all send.
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

  /// An address of IPv6 in brackets.
  private static func isLiteral(_ text: String) -> Bool {
    guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return false }
    let address = String(Substring(text.utf8[..<end].dropFirst()))
    guard address.contains(byte: UInt8(ascii: ":")), !address.contains(byte: UInt8(ascii: "%")) else { return false }
    guard (try? SocketAddress(ipAddress: address, port: 0)) != nil else { return false }
    return isPort(text.utf8[end...].dropFirst())
  }

  /// Nothing, or a colon with a number that a port can have; RFC 3986 section 3.2.3 lets it be empty.
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
  /// Whether no byte has its highest bit set; eight are looked at together.
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
