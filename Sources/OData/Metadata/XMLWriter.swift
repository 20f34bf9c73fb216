/// Writes one XML 1.0 document, indented by two spaces.
struct XMLWriter {
  /// The text so far, in UTF-8.
  private(set) var bytes: [UInt8]
  private let depth: Int

  /// A document that begins with its XML declaration.
  init() {
    bytes = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".utf8)
    depth = 0
  }

  private init(depth: Int) {
    bytes = []
    self.depth = depth
  }

  /// Writes an element. An attribute whose value is nil is left out.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ content: (inout XMLWriter) -> Void = { _ in }
  ) {
    begin(name, attributes)
    var inner = XMLWriter(depth: depth + 1)
    content(&inner)
    guard !inner.bytes.isEmpty else {
      bytes += "/>\n".utf8
      return
    }
    bytes += ">\n".utf8
    bytes += inner.bytes
    indent()
    bytes += "</\(name)>\n".utf8
  }

  /// Writes an element that holds text only.
  mutating func element(_ name: String, text: String) {
    begin(name, [:])
    bytes += ">".utf8
    escape(text)
    bytes += "</\(name)>\n".utf8
  }

  private mutating func begin(_ name: String, _ attributes: KeyValuePairs<String, String?>) {
    indent()
    bytes += "<\(name)".utf8
    for (name, value) in attributes {
      guard let value else { continue }
      bytes += " \(name)=\"".utf8
      escape(value)
      bytes += "\"".utf8
    }
  }

  private mutating func indent() { bytes += String(repeating: "  ", count: depth).utf8 }

  /// White space other than spaces is written as character references, because a parser would normalize it in an
  /// attribute's value (XML 1.0 section 3.3.3).
  private mutating func escape(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case UInt8(ascii: ">"): bytes += "&gt;".utf8
      case UInt8(ascii: "\""): bytes += "&quot;".utf8
      case 0x09: bytes += "&#9;".utf8
      case 0x0A: bytes += "&#10;".utf8
      case 0x0D: bytes += "&#13;".utf8
      default: bytes.append(byte)
      }
    }
  }
}
