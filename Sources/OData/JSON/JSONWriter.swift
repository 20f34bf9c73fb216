/// Writes one JSON text (RFC 8259) without white space.
///
/// The writer places the commas: `name` and `element` add one where it is needed.
public struct JSONWriter {
  /// The text so far.
  public private(set) var bytes: [UInt8]
  private var needsComma = false

  /// An empty text, with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Removes and returns the text so far, so that a long text can be sent in pieces. There is room for as long a piece
  /// again.
  public mutating func takeBytes() -> [UInt8] {
    let taken = bytes
    bytes = []
    bytes.reserveCapacity(taken.count)
    return taken
  }

  /// Opens an object.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Closes the innermost object.
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Opens an array.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Closes the innermost array.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Begins a member. Its value must follow.
  public mutating func name(_ name: String) {
    comma()
    quoted(name)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Begins a member whose name is given as finished bytes, with quotes and colon. Its value must follow.
  public mutating func rawName(_ quotedNameAndColon: [UInt8]) {
    comma()
    bytes.append(contentsOf: quotedNameAndColon)
  }

  /// Writes a whole member that is given as finished bytes, or several with the commas between them.
  public mutating func rawMember(_ member: some Sequence<UInt8>) {
    comma()
    bytes.append(contentsOf: member)
    needsComma = true
  }

  /// Begins an element of an array. Its value must follow.
  public mutating func element() { comma() }

  /// Writes `null`.
  public mutating func null() { scalar { $0.append(contentsOf: "null".utf8) } }
  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) { scalar { $0.append(contentsOf: (value ? "true" : "false").utf8) } }
  /// Writes an integer.
  public mutating func int(_ value: Int64) { scalar { $0.append(contentsOf: String(value).utf8) } }

  /// Writes a finite double, in the shortest form that reads back as the same number.
  public mutating func double(_ value: Double) {
    let text = value.description
    scalar { $0.append(contentsOf: (text.hasSuffix(".0") ? String(text.dropLast(2)) : text).utf8) }
  }

  /// Writes a string.
  public mutating func string(_ value: String) {
    quoted(value)
    needsComma = true
  }

  /// Begins a string that is written part by part.
  public mutating func beginString() { bytes.append(UInt8(ascii: "\"")) }
  /// Writes a part of the open string.
  public mutating func part(_ text: String) { escaped(text) }
  /// Ends the open string.
  public mutating func endString() {
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes a string of bytes that need no escaping.
  public mutating func plainString(_ value: [UInt8]) {
    scalar {
      $0.append(UInt8(ascii: "\""))
      $0.append(contentsOf: value)
      $0.append(UInt8(ascii: "\""))
    }
  }

  /// Writes a value that is JSON already.
  public mutating func raw(_ json: some Sequence<UInt8>) { scalar { $0.append(contentsOf: json) } }

  /// Appends bytes to a value that `raw` began, with no comma before them.
  public mutating func append(_ json: some Sequence<UInt8>) { bytes.append(contentsOf: json) }

  /// Appends the opaque tag of a version to a value that `rawName` began.
  public mutating func append(tagOf version: Version) { version.withOpaqueTag { bytes.append(contentsOf: $0) } }

  /// Writes a member whose value is a string.
  public mutating func member(_ name: String, _ value: String) {
    self.name(name)
    string(value)
  }

  /// Writes a member whose value is an integer.
  public mutating func member(_ name: String, _ value: Int64) {
    self.name(name)
    int(value)
  }

  /// Writes a member whose value is an array of strings.
  public mutating func member(_ name: String, _ values: [String]) {
    self.name(name)
    beginArray()
    for value in values {
      element()
      string(value)
    }
    endArray()
  }

  private mutating func open(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  private mutating func comma() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func scalar(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    needsComma = true
  }

  private mutating func quoted(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    escaped(value)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escaped(_ value: String) {
    var value = value
    value.withUTF8 { text in
      guard !text.isFreeOfEscapes else { return bytes.append(contentsOf: text) }
      var start = 0
      for index in 0..<text.count where Self.needsEscape(text[index]) {
        bytes.append(contentsOf: text[start..<index])
        appendEscape(text[index])
        start = index + 1
      }
      bytes.append(contentsOf: text[start..<text.count])
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func appendEscape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    default:
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(Hexadecimal.digit(byte >> 4))
      bytes.append(Hexadecimal.digit(byte & 15))
    }
  }
}
