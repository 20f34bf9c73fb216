/// Reads the value of one system query option, in one pass. The grammars of the options are its extensions; they share
/// it because `$expand` nests the others.
struct OptionParser {
  let option: String
  let text: [UInt8]
  var position = 0
  /// Nesting of expressions so far, against `Limits.expressionDepthMax`.
  var depth = 0
  /// Parts of expressions so far, against `Limits.expressionNodesMax`.
  var nodes = 0
  /// How many brackets are open, between which values are written as in JSON.
  var openBrackets = 0

  /// A parser of an option's value, decoded.
  init(_ option: String, _ value: String) {
    self.option = option
    text = Array(value.utf8)
  }

  /// Runs `rule` and demands that nothing follows; blanks around it are let pass.
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

  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Steps over blanks and tabs; false when there were none.
  @discardableResult
  mutating func skipBlanks() -> Bool {
    let start = position
    while next == 0x20 || next == 0x09 { position += 1 }
    return position > start
  }

  mutating func expect(_ byte: UInt8) throws(QueryError) { if !skip(byte) { throw unexpected() } }

  /// A name: letters, digits and what else identifiers and qualified names hold.
  mutating func name() throws(QueryError) -> String {
    guard let name = optionalName() else { throw unexpected() }
    return name
  }

  /// A name, or nil when none stands here.
  mutating func optionalName() -> String? {
    let start = position
    while position < text.count, Self.isNameByte(text[position]) { position += 1 }
    return position > start ? String(decoding: text[start..<position], as: UTF8.self) : nil
  }

  /// Whether `word` stands here in any case and no name goes on behind it.
  func isAt(_ word: String) -> Bool {
    let end = position + word.utf8.count
    guard end <= text.count, text[position..<end].elementsEqualIgnoringCase(word.utf8) else { return false }
    return end == text.count || !Self.isNameByte(text[end])
  }

  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

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

  /// What stands here is not what the grammar expects.
  func unexpected() -> QueryError {
    failure(position < text.count ? "holds a character that is not expected" : "ends too early")
  }

  /// The value breaks the grammar at `place`, here when that is nil.
  func failure(_ reason: String, at offset: Int? = nil) -> QueryError {
    .syntax(option: option, position: offset ?? position, reason: reason)
  }

  /// The value names something that the type does not have.
  func unknown(_ name: String, at offset: Int) -> QueryError {
    .unknownName(option: option, name: PropertyPath.printable(name), position: offset)
  }
}
