/// A pull reader of one JSON text (RFC 8259).
///
/// Strict, bounded in depth, refusing invalid UTF-8 and lone surrogates, linear in the length of the text and
/// without recursion. The caller asks for what the declared type expects; the reader says at which byte it was
/// something else.
///
/// Safety: the reader keeps the pointer that it was made with. It must not outlive the closure that lent it.
public struct JSONReader {
  /// Which texts are accepted.
  public enum Dialect: Sendable {
    /// RFC 8259 to the letter.
    case strict
    /// One comma may follow the last member of an object or array, as in published Graph examples.
    case graph
  }

  /// What the next value is, seen from its first byte.
  public enum Kind: Equatable, Sendable {
    case object, array, string, number, boolean, null
  }

  /// A string or name as it lies in the text, decoded only when it is asked for.
  public struct Text {
    fileprivate let bytes: UnsafeBufferPointer<UInt8>
    fileprivate let decoded: [UInt8]?
    /// Where the text begins, in bytes from the start.
    public let offset: Int

    /// Whether the decoded bytes are exactly those of `name`.
    public func equals(_ name: [UInt8]) -> Bool {
      if let decoded { return decoded == name }
      return name.withUnsafeBufferPointer { bytes.hasSameBytes(as: $0) }
    }

    /// Whether the decoded bytes end with those of `suffix`.
    public func hasSuffix(_ suffix: [UInt8]) -> Bool {
      withBytes { bytes in bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix) }
    }

    /// The decoded bytes, valid UTF-8.
    public var utf8: [UInt8] { decoded ?? Array(bytes) }

    /// Length of the decoded text in bytes of UTF-8.
    public var utf8Count: Int { decoded?.count ?? bytes.count }

    /// The decoded text.
    public var string: String {
      if let decoded { return String(decoding: decoded, as: UTF8.self) }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// Calls `body` with the decoded bytes.
    public func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
      if let decoded { return decoded.withUnsafeBufferPointer(body) }
      return body(bytes)
    }
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private let dialect: Dialect
  private let depthMax: Int
  private var depth = 0
  private var needsComma = false
  /// How far the text was read, in bytes.
  public internal(set) var offset = 0

  /// Reads `bytes`; a text nested deeper than `depthMax` is refused.
  public init(
    _ bytes: UnsafeBufferPointer<UInt8>, dialect: Dialect = .strict, depthMax: Int = Limits.jsonDepthMax
  ) {
    self.bytes = bytes
    self.dialect = dialect
    self.depthMax = depthMax
  }

  // MARK: Structure

  /// Looks at the next value without reading it.
  public mutating func peek() throws(JSONError) -> Kind {
    switch try nextSignificant() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw JSONError(.unexpectedByte, at: offset)
    }
  }

  /// Enters an object; `nextName` then gives its members one by one.
  public mutating func beginObject() throws(JSONError) { try begin(UInt8(ascii: "{")) }

  /// Enters an array; `nextElement` then says whether another element follows.
  public mutating func beginArray() throws(JSONError) { try begin(UInt8(ascii: "[")) }

  /// The name of the next member of the object that was entered last, or nil at its end.
  public mutating func nextName() throws(JSONError) -> Text? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    guard try nextSignificant() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
    let name = try scanString()
    guard try nextSignificant() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: offset) }
    offset += 1
    return name
  }

  /// Whether the array that was entered last has another element; at its end it is left.
  public mutating func nextElement() throws(JSONError) -> Bool { try advance(closing: UInt8(ascii: "]")) }

  /// Demands that nothing but white space is left.
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard offset == bytes.count else { throw JSONError(.trailingContent, at: offset) }
  }

  private mutating func begin(_ opening: UInt8) throws(JSONError) {
    guard try nextSignificant() == opening else { throw JSONError(.unexpectedByte, at: offset) }
    guard depth < depthMax else { throw JSONError(.tooDeep, at: offset) }
    depth += 1
    offset += 1
    needsComma = false
  }

  private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
    var next = try nextSignificant()
    var sawComma = false
    if needsComma, next == UInt8(ascii: ",") {
      offset += 1
      sawComma = true
      next = try nextSignificant()
    }
    if next == closing {
      guard !sawComma || dialect == .graph else { throw JSONError(.unexpectedByte, at: offset) }
      offset += 1
      depth -= 1
      needsComma = true
      return false
    }
    guard sawComma || !needsComma else { throw JSONError(.unexpectedByte, at: offset) }
    return true
  }

  // MARK: Values

  /// Reads a string.
  public mutating func readString() throws(JSONError) -> Text {
    guard try nextSignificant() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
    let text = try scanString()
    needsComma = true
    return text
  }

  /// Reads `true` or `false`.
  public mutating func readBool() throws(JSONError) -> Bool {
    if try nextSignificant() == UInt8(ascii: "t") {
      try readWord("true")
      return true
    }
    try readWord("false")
    return false
  }

  /// Reads `null`.
  public mutating func readNull() throws(JSONError) {
    _ = try nextSignificant()
    try readWord("null")
  }

  /// Reads a number as it is written; RFC 8259 section 6 sets no bound to its size.
  public mutating func readNumber() throws(JSONError) -> JSONNumber {
    _ = try nextSignificant()
    let start = offset
    var isInteger = true
    if current == UInt8(ascii: "-") { offset += 1 }
    if current == UInt8(ascii: "0") {
      offset += 1
    } else {
      try readDigits()
    }
    if current == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      try readDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
      try readDigits()
    }
    needsComma = true
    return JSONNumber(
      text: String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self),
      isInteger: isInteger)
  }

  /// Reads one value of any kind and drops it, with every check that reading it would have made.
  public mutating func skipValue() throws(JSONError) {
    var nowhere: JSONWriter?
    try traverseValue(copyingTo: &nowhere)
  }

  /// Reads one value of any kind and returns it as JSON without white space.
  public mutating func readRawValue() throws(JSONError) -> [UInt8] {
    var writer: JSONWriter? = JSONWriter(capacity: 64)
    try traverseValue(copyingTo: &writer)
    return writer?.bytes ?? []
  }

  /// An object or array that is open, while a value of any kind is traversed.
  private struct Container {
    let isObject: Bool
    /// Names that the object has shown so far.
    var names: Set<[UInt8]> = []
  }

  private mutating func traverseValue(copyingTo writer: inout JSONWriter?) throws(JSONError) {
    var open: [Container] = []
    try traverseScalarOrOpen(&open, copyingTo: &writer)
    while let last = open.indices.last {
      if open[last].isObject {
        guard let name = try nextName() else {
          writer?.endObject()
          open.removeLast()
          continue
        }
        // In place: taken out and put back, the names would be copied for every member.
        guard open[last].names.insert(name.utf8).inserted else {
          throw JSONError(.duplicateMember, at: name.offset)
        }
        writer?.name(name.string)
      } else {
        guard try nextElement() else {
          writer?.endArray()
          open.removeLast()
          continue
        }
        writer?.element()
      }
      try traverseScalarOrOpen(&open, copyingTo: &writer)
    }
  }

  private mutating func traverseScalarOrOpen(
    _ open: inout [Container], copyingTo writer: inout JSONWriter?
  ) throws(JSONError) {
    switch try peek() {
    case .object:
      try beginObject()
      writer?.beginObject()
      open.append(Container(isObject: true))
    case .array:
      try beginArray()
      writer?.beginArray()
      open.append(Container(isObject: false))
    case .string:
      let text = try readString()
      writer?.string(text.string)
    case .number:
      let number = try readNumber()
      writer?.raw(number.text.utf8)
    case .boolean:
      let value = try readBool()
      writer?.bool(value)
    case .null:
      try readNull()
      writer?.null()
    }
  }

  // MARK: Bytes

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipWhitespace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }

  private mutating func nextSignificant() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    return bytes[offset]
  }

  private mutating func readWord(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
      guard bytes[offset] == word.utf8Start[index] else { throw JSONError(.unexpectedByte, at: offset) }
      offset += 1
    }
    needsComma = true
  }

  private mutating func readDigits() throws(JSONError) {
    let start = offset
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    guard offset > start else {
      throw JSONError(offset < bytes.count ? .invalidNumber : .unexpectedEnd, at: offset)
    }
  }

  /// Reads from the opening quote to the closing one. Text without escapes is not copied.
  private mutating func scanString() throws(JSONError) -> Text {
    offset += 1
    let start = offset
    offset = Self.endOfPlainText(in: bytes, from: offset)
    var isASCII = true
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<offset])
        guard isASCII || UTF8Validation.isValid(slice) else { throw JSONError(.invalidUTF8, at: start) }
        offset += 1
        return Text(bytes: slice, decoded: nil, offset: start)
      }
      if byte == UInt8(ascii: "\\") { return try scanEscapedString(from: start) }
      guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: offset) }
      if byte >= 0x80 { isASCII = false }
      offset += 1
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  private mutating func scanEscapedString(from start: Int) throws(JSONError) -> Text {
    var decoded = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        let isValid = decoded.withUnsafeBufferPointer { UTF8Validation.isValid($0) }
        guard isValid else { throw JSONError(.invalidUTF8, at: start) }
        offset += 1
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<start])
        return Text(bytes: slice, decoded: decoded, offset: start)
      }
      guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: offset) }
      if byte == UInt8(ascii: "\\") {
        try readEscape(into: &decoded)
      } else {
        decoded.append(byte)
        offset += 1
      }
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONError) {
    let start = offset
    offset += 1
    guard let escape = current else { throw JSONError(.unexpectedEnd, at: offset) }
    offset += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"): try readUnicodeEscape(startingAt: start, into: &decoded)
    default: throw JSONError(.invalidEscape, at: start)
    }
  }

  /// RFC 8259 section 7: a character outside the basic plane is written as a surrogate pair.
  private mutating func readUnicodeEscape(startingAt start: Int, into decoded: inout [UInt8]) throws(JSONError) {
    var scalar = try readHexQuad()
    if (0xDC00...0xDFFF).contains(scalar) { throw JSONError(.loneSurrogate, at: start) }
    if (0xD800...0xDBFF).contains(scalar) {
      guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
      else { throw JSONError(.loneSurrogate, at: start) }
      offset += 2
      let low = try readHexQuad()
      guard (0xDC00...0xDFFF).contains(low) else { throw JSONError(.loneSurrogate, at: start) }
      scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let unicode = Unicode.Scalar(scalar) else { throw JSONError(.invalidEscape, at: start) }
    decoded.append(contentsOf: UTF8.encode(unicode).map { Array($0) } ?? [])
  }

  private mutating func readHexQuad() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current else { throw JSONError(.unexpectedEnd, at: offset) }
      guard let digit = Hexadecimal.value(of: byte) else { throw JSONError(.invalidEscape, at: offset) }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
