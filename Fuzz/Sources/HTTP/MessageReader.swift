/// Reads HTTP/1.1 messages strictly by their grammar (RFC 9112): no bare carriage return or line feed, no folded line,
/// no space before a colon. It shares no code with the server.
struct MessageReader {
  /// Why reading stopped before the end of a message.
  enum Stop: Error {
    /// The message is incomplete: more bytes could complete it.
    case incomplete
    /// The message is malformed: no further bytes could complete it.
    case broken(String)
  }

  /// One field of a header or trailer section, with its name in lower case.
  struct Field: Equatable {
    let name: String
    let value: String
  }

  let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether all bytes are read.
  var isAtEnd: Bool { position == bytes.count }

  /// Reads a line, without its end.
  mutating func line() throws(Stop) -> ArraySlice<UInt8> {
    guard let end = bytes[position...].firstIndex(where: { $0 == carriageReturn || $0 == lineFeed }) else {
      throw .incomplete
    }
    guard bytes[end] == carriageReturn else { throw .broken("a line feed without a carriage return") }
    guard end + 1 < bytes.count else { throw .incomplete }
    guard bytes[end + 1] == lineFeed else { throw .broken("a carriage return without a line feed") }
    defer { position = end + 2 }
    return bytes[position..<end]
  }

  /// Reads a header or trailer section, with the empty line that ends it (section 5).
  mutating func fields() throws(Stop) -> [Field] {
    var fields: [Field] = []
    while true {
      let line = try line()
      guard !line.isEmpty else { return fields }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else {
        throw .broken("a field without a name")
      }
      let value = trimmed(line[(colon + 1)...])
      guard value.allSatisfy({ $0 == tab || ($0 >= 0x20 && $0 != 0x7F) }) else {
        throw .broken("a control character in a field")
      }
      fields.append(Field(name: text(line[..<colon]).lowercased(), value: text(value)))
    }
  }

  /// Reads this number of bytes.
  mutating func take(_ count: Int) throws(Stop) -> ArraySlice<UInt8> {
    guard bytes.count - position >= count else { throw .incomplete }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// Reads a chunked body, with its trailer section (section 7.1).
  mutating func chunks() throws(Stop) -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try line()
      let digits = line.prefix { isHexadecimal($0) }
      let rest = line[digits.endIndex...]
      guard (1...7).contains(digits.count), let size = Int(text(digits), radix: 16),
        rest.isEmpty || rest.first == UInt8(ascii: ";")
      else { throw .broken("a chunk without a size") }
      guard size > 0 else {
        _ = try fields()
        return body
      }
      body += try take(size)
      try endOfChunk()
    }
  }

  /// Reads the end of a chunk. Wrong bytes are told apart from missing ones.
  private mutating func endOfChunk() throws(Stop) {
    guard let next = bytes[position...].first else { throw .incomplete }
    guard next == carriageReturn, try line().isEmpty else { throw .broken("a chunk that is longer than its size") }
  }
}

private let carriageReturn: UInt8 = 0x0D
private let lineFeed: UInt8 = 0x0A
private let tab: UInt8 = 0x09

extension [MessageReader.Field] {
  /// All values of a field.
  func values(_ name: String) -> [String] { filter { $0.name == name }.map(\.value) }

  /// The elements of all fields of one name whose value is a list, in lower case (RFC 9110 section 5.6.1).
  func list(_ name: String) -> [String] {
    values(name).flatMap(members)
  }
}

private func members(_ list: String) -> [String] {
  let bytes = list.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  return bytes.split(separator: UInt8(ascii: ",")).map { text(trimmed($0)).lowercased() }
}

/// Decodes Latin 1, in which every byte is a character of its own.
func text(_ bytes: some Sequence<UInt8>) -> String {
  String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}

private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  var bytes = bytes
  while let last = bytes.last, last == 0x20 || last == tab { bytes.removeLast() }
  return bytes.drop { $0 == 0x20 || $0 == tab }
}

private let marks = Set("!#$%&'*+-.^_`|~".utf8)

/// Whether bytes are a token (RFC 9110 section 5.6.2).
func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
  !bytes.isEmpty && bytes.allSatisfy { isAlphanumeric($0) || marks.contains($0) }
}

/// Whether a byte is a digit.
func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// Whether a byte is a hexadecimal digit.
func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }

/// Whether a byte is a letter or a digit.
func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) }
