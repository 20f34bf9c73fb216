/// A pull parser of one JSON text (RFC 8259).
///
/// It is strict, bounded in depth and without recursion, takes time linear in the text, and refuses malformed UTF-8 and
/// lone surrogates. The caller asks for what the declared type expects; anything else is a `JSONError` with its offset.
///
/// Safety: the reader keeps the pointer that it is given. It must not outlive the closure that lends the buffer.
public struct JSONReader {
  /// The grammar that is accepted.
  public enum Dialect: Sendable {
    /// RFC 8259 exactly.
    case strict
    /// RFC 8259, where one comma may follow the last member of an object or element of an array, as in published Graph
    /// examples.
    case graph
  }

  /// The kind of a value, known from its first byte.
  public enum Kind: Equatable, Sendable {
    /// A kind of RFC 8259 section 3.
    case object, array, string, number, boolean, null
  }

  /// A string or a member name. It is decoded only when asked for.
  public struct Text {
    /// The text without its escapes decoded.
    let bytes: UnsafeBufferPointer<UInt8>
    /// The decoded text; nil when it has no escapes.
    let decoded: [UInt8]?
    /// The offset of its first byte after the quote, in bytes from the start of the text.
    public let offset: Int

    /// Whether the decoded bytes are those of `name`.
    public func equals(_ name: [UInt8]) -> Bool {
      if let decoded { return decoded == name }
      return name.withUnsafeBufferPointer { bytes.hasSameBytes(as: $0) }
    }

    /// Whether both are the same decoded bytes.
    func hasSameBytes(as other: Text) -> Bool {
      withBytes { left in other.withBytes { left.hasSameBytes(as: $0) } }
    }

    /// Whether the decoded bytes end with those of `suffix`.
    public func hasSuffix(_ suffix: [UInt8]) -> Bool {
      withBytes { bytes in bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix) }
    }

    /// The decoded bytes, which are well-formed UTF-8.
    public var utf8: [UInt8] { decoded ?? Array(bytes) }

    /// The length of the decoded bytes.
    public var utf8Count: Int { decoded?.count ?? bytes.count }

    /// The decoded string.
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
  /// The position of the reader, in bytes from the start of the text.
  public internal(set) var offset = 0

  /// A reader of `bytes` that refuses arrays and objects nested deeper than `depthMax`.
  public init(
    _ bytes: UnsafeBufferPointer<UInt8>, dialect: Dialect = .strict, depthMax: Int = Limits.jsonDepthMax
  ) {
    self.bytes = bytes
    self.dialect = dialect
    self.depthMax = depthMax
  }

  // MARK: Structure

  /// Skips a byte order mark at the start of a text from outside, as RFC 8259 section 8.1 allows.
  ///
  /// - Throws: `JSONError.Kind.otherEncoding` when it is the mark of UTF-16.
  public mutating func skipByteOrderMark() throws(JSONError) {
    guard offset == 0, bytes.count >= 2, bytes[0] >= 0xEF else { return }
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
    if (bytes[0], bytes[1]) == (0xFE, 0xFF) || (bytes[0], bytes[1]) == (0xFF, 0xFE) {
      throw JSONError(.otherEncoding, at: 0)
    }
  }

  /// The kind of the next value, which is not consumed.
  ///
  /// - Throws: `JSONError` when no value begins here.
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

  /// Enters an object. `nextName` then gives its members one by one.
  ///
  /// - Throws: `JSONError` when the next value is not an object, or is nested too deeply.
  public mutating func beginObject() throws(JSONError) { try begin(UInt8(ascii: "{")) }

  /// Enters an array. `nextElement` then says whether another element follows.
  ///
  /// - Throws: `JSONError` when the next value is not an array, or is nested too deeply.
  public mutating func beginArray() throws(JSONError) { try begin(UInt8(ascii: "[")) }

  /// The name of the next member of the innermost object; nil at its end, which leaves the object.
  ///
  /// - Throws: `JSONError` when neither a member nor the end of the object follows.
  public mutating func nextName() throws(JSONError) -> Text? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    guard try nextSignificant() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
    let name = try scanString()
    guard try nextSignificant() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: offset) }
    offset += 1
    return name
  }

  /// The name of the next member, as `nextName` gives it, which is added to the names `known` so far. Duplicates are
  /// refused, because two readers may take different ones (RFC 8259 section 4).
  ///
  /// - Throws: `JSONError` as `nextName` does, and `JSONError.Kind.duplicateMember` when the name is known.
  public mutating func nextName(notAmong known: inout MemberNames) throws(JSONError) -> Text? {
    guard let name = try nextName() else { return nil }
    guard known.insert(name) else { throw JSONError(.duplicateMember, at: name.offset) }
    return name
  }

  /// Whether the innermost array has another element; at its end, the array is left.
  ///
  /// - Throws: `JSONError` when neither an element nor the end of the array follows.
  public mutating func nextElement() throws(JSONError) -> Bool { try advance(closing: UInt8(ascii: "]")) }

  /// Ends the text.
  ///
  /// - Throws: `JSONError.Kind.trailingContent` when something other than white space is left.
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

  /// Reads a string (RFC 8259 section 7).
  ///
  /// - Throws: `JSONError` when the next value is not a well-formed string.
  public mutating func readString() throws(JSONError) -> Text {
    guard try nextSignificant() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
    let text = try scanString()
    needsComma = true
    return text
  }

  /// Reads `true` or `false`.
  ///
  /// - Throws: `JSONError` when neither follows.
  public mutating func readBool() throws(JSONError) -> Bool {
    if try nextSignificant() == UInt8(ascii: "t") {
      try readWord("true")
      return true
    }
    try readWord("false")
    return false
  }

  /// Reads `null`.
  ///
  /// - Throws: `JSONError` when it does not follow.
  public mutating func readNull() throws(JSONError) {
    _ = try nextSignificant()
    try readWord("null")
  }

  /// Reads a number as it is written. RFC 8259 section 6 does not bound its size; the caller does.
  ///
  /// - Throws: `JSONError` when the next value is not a well-formed number.
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

  /// Reads and discards one value of any kind, with every check that reading it makes.
  ///
  /// - Throws: `JSONError` when no well-formed value follows, or an object in it holds a duplicate member.
  public mutating func skipValue() throws(JSONError) {
    var nowhere: JSONWriter?
    try traverseValue(copyingTo: &nowhere)
  }

  /// Reads one value of any kind, and returns it as JSON without white space.
  ///
  /// - Throws: `JSONError` when no well-formed value follows, or an object in it holds a duplicate member.
  public mutating func readRawValue() throws(JSONError) -> [UInt8] {
    var writer: JSONWriter? = JSONWriter(capacity: 64)
    try traverseValue(copyingTo: &writer)
    return writer?.bytes ?? []
  }

  /// An open object or array of the value that is traversed.
  private struct Container {
    let isObject: Bool
    /// The names of the object's members so far.
    var names = MemberNames()
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
        // Insert in place: taking the set out and putting it back would copy it for every member.
        guard open[last].names.insert(name) else {
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

  var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

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
}

/// A number as it is written in JSON (RFC 8259 section 6).
public struct JSONNumber: Equatable, Sendable {
  /// The number as it is written.
  public let text: String
  /// Whether it is written without a fraction and an exponent.
  public let isInteger: Bool

  /// The value; nil when it is not written as an integer, or does not fit 64 bits.
  public var int64: Int64? { isInteger ? Int64(text) : nil }

  /// The nearest double; nil beyond the range of a double.
  public var double: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
