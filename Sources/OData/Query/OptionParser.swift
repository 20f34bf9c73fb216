/// A recursive descent parser of the value of one system query option, in one pass. The grammar of each option is an
/// extension; they share one parser because `$expand` nests the others.
struct OptionParser {
  /// The name of the option, for messages.
  let option: String
  /// The decoded value, in UTF-8.
  let text: [UInt8]
  /// The position of the parser, in bytes.
  var position = 0
  /// The current nesting of expressions, bounded by `Limits.expressionDepthMax`.
  var depth = 0
  /// The number of nodes of expressions so far, bounded by `Limits.expressionNodesMax`.
  var nodes = 0
  /// The number of open brackets. Strings between brackets are written as in JSON.
  var openBrackets = 0

  /// A parser of the decoded value of `option`, whose name is in lower case with its dollar sign.
  init(_ option: String, _ value: String) {
    self.option = option
    text = Array(value.utf8)
  }

  /// Parses the whole value by `rule`. Spaces around it are ignored.
  ///
  /// - Throws: `QueryError` when `rule` does, or something follows.
  mutating func whole<Answer>(
    _ rule: (inout OptionParser) throws(QueryError) -> Answer
  ) throws(QueryError) -> Answer {
    skipBlanks()
    let answer = try rule(&self)
    skipBlanks()
    if position < text.count { throw unexpected() }
    return answer
  }

  // MARK: Characters

  /// The next byte; nil at the end.
  var next: UInt8? { position < text.count ? text[position] : nil }

  /// The byte after the next one.
  var second: UInt8? { position + 1 < text.count ? text[position + 1] : nil }

  /// Consumes a byte if it is next, and returns whether it was.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Skips spaces and tabs, and returns whether there were any (OData ABNF `BWS`).
  @discardableResult
  mutating func skipBlanks() -> Bool {
    let start = position
    while next == 0x20 || next == 0x09 { position += 1 }
    return position > start
  }

  /// Consumes a byte.
  ///
  /// - Throws: `QueryError` when another one is next.
  mutating func expect(_ byte: UInt8) throws(QueryError) { if !skip(byte) { throw unexpected() } }

  /// Reads a name: letters, digits, and whatever else identifiers and qualified names hold.
  mutating func name() throws(QueryError) -> String {
    guard let name = optionalName() else { throw unexpected() }
    return name
  }

  /// Reads a name; nil when none begins here.
  mutating func optionalName() -> String? {
    let start = position
    while position < text.count, Self.isNameByte(text[position]) { position += 1 }
    return position > start ? String(decoding: text[start..<position], as: UTF8.self) : nil
  }

  /// Whether the whole word `word` is next, in any ASCII case.
  func isAt(_ word: String) -> Bool {
    let end = position + word.utf8.count
    guard end <= text.count, text[position..<end].elementsEqualIgnoringCase(word.utf8) else { return false }
    return end == text.count || !Self.isNameByte(text[end])
  }

  /// Whether the byte is an ASCII digit.
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Whether the byte may be a part of a name.
  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "."),
      UInt8(ascii: "$"):
      true
    default: byte >= 0x80
    }
  }

  // MARK: Errors

  /// The error for something that the grammar does not allow here.
  func unexpected() -> QueryError {
    failure(position < text.count ? "holds a character that is not expected" : "ends too early")
  }

  /// The error for a value that breaks the grammar at `offset`, in bytes of the decoded value; the current position
  /// when nil.
  func failure(_ reason: String, at offset: Int? = nil) -> QueryError {
    .syntax(option: option, position: offset ?? position, reason: reason)
  }

  /// The error for a name that the type does not have, which the published service may have.
  func unknown(_ name: String, of type: StructuredType, at offset: Int) -> QueryError {
    guard let unoffered = type.unofferedName(name) else { return unknown(name, at: offset) }
    return .notImplemented(option: option, name: unoffered, position: offset)
  }

  /// The error for a name that the type does not have.
  func unknown(_ name: String, at offset: Int) -> QueryError {
    .unknownName(option: option, name: PropertyPath.printable(name), position: offset)
  }
}
