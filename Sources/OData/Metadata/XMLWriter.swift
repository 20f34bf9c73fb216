/// Writes one XML 1.0 document, indented by two.
struct XMLWriter {
  /// What was written so far.
  private(set) var bytes: [UInt8]
  private let depth: Int

  /// A document with its declaration.
  init() {
    bytes = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".utf8)
    depth = 0
  }

  private init(depth: Int) {
    bytes = []
    self.depth = depth
  }

  /// An element; attributes without a value are left out.
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

  /// An element that holds text alone.
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

  /// Line breaks are written as references, since an attribute's value would lose them (XML 1.0 section 3.3.3).
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
