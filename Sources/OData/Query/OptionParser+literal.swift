/// Literals (OData ABNF `primitiveLiteral`; OData URL Conventions 4.01 section 5.1.1.14).
extension OptionParser {
  /// Reads the literal that begins here; nil when something else does.
  mutating func literal() throws(QueryError) -> ExpressionLiteral? {
    guard let byte = next else { return nil }
    if byte == UInt8(ascii: "'") { return .string(try quoted(UInt8(ascii: "'"))) }
    if byte == UInt8(ascii: "\"") {
      guard openBrackets > 0 else { throw failure("holds a text in double quotes, which are for lists in brackets") }
      return .string(try jsonString())
    }
    let word = literalRun()
    guard !word.isEmpty else { return nil }
    if let literal = Self.keyword(word) {
      position += word.count
      return literal
    }
    if Self.isGUID(word) {
      position += word.count
      return .guid(String(decoding: word, as: UTF8.self).lowercased())
    }
    if Self.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
      guard let literal = Self.number(word) ?? Self.moment(word) else { throw failure("holds a malformed literal") }
      position += word.count
      return literal
    }
    return try prefixed()
  }

  /// The run of characters that unquoted literals are made of.
  private func literalRun() -> ArraySlice<UInt8> {
    text[position...].prefix { byte in
      switch byte {
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "_"): true
      default: Self.isNameByte(byte) && byte != UInt8(ascii: "@") && byte != UInt8(ascii: "$")
      }
    }
  }

  private static func keyword(_ word: ArraySlice<UInt8>) -> ExpressionLiteral? {
    switch String(decoding: word, as: UTF8.self) {
    case "INF", "+INF": .double(.infinity)
    case "-INF": .double(-.infinity)
    case "NaN": .double(.nan)
    default: words.first { $0.word.utf8.elementsEqualIgnoringCase(word) }?.literal
    }
  }

  private static let words: [(word: String, literal: ExpressionLiteral)] = [
    ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
  ]

  /// Reads `prefix'text'`: a duration, or a member of an enumeration (OData ABNF `duration`, `enum`).
  private mutating func prefixed() throws(QueryError) -> ExpressionLiteral? {
    let start = position
    guard let prefix = optionalName(), next == UInt8(ascii: "'") else {
      position = start
      return nil
    }
    let content = try quoted(UInt8(ascii: "'"))
    switch prefix.lowercased() {
    case "duration":
      guard let duration = Duration100ns(content.utf8) else { throw failure("holds a malformed duration", at: start) }
      return .duration(duration)
    case "binary", "geography", "geometry":
      throw QueryError.notImplemented(option: option, name: prefix.lowercased(), position: start)
    default:
      guard prefix.utf8.contains(UInt8(ascii: ".")) else { throw failure("holds a malformed literal", at: start) }
      return .enumeration(type: prefix, content)
    }
  }

  /// Reads a string in quotes, in which a doubled quote stands for one.
  private mutating func quoted(_ quote: UInt8) throws(QueryError) -> String {
    let start = position
    position += 1
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      guard byte == quote else {
        bytes.append(byte)
        continue
      }
      guard skip(quote) else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(quote)
    }
    throw failure("holds a string that is not closed", at: start)
  }

  /// Reads a JSON string, as lists in brackets hold them (OData ABNF `stringInJSON`).
  private mutating func jsonString() throws(QueryError) -> String {
    let start = position
    var end = position + 1
    while end < text.count, text[end] != UInt8(ascii: "\"") { end += text[end] == UInt8(ascii: "\\") ? 2 : 1 }
    guard end < text.count else { throw failure("holds a string that is not closed", at: start) }
    position = end + 1
    let decoded = text[start..<position].withUnsafeBufferPointer { bytes -> String? in
      var reader = JSONReader(bytes)
      guard let string = try? reader.readString().string, (try? reader.finish()) != nil else { return nil }
      return string
    }
    guard let decoded else { throw failure("holds a malformed string", at: start) }
    return decoded
  }

  // MARK: Forms

  /// An integer, a decimal or a double. A number that does not fit 64 bits is a double.
  private static func number(_ word: ArraySlice<UInt8>) -> ExpressionLiteral? {
    var rest = word
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    let whole = rest.prefix(while: isDigit)
    guard !whole.isEmpty else { return nil }
    rest = rest.dropFirst(whole.count)
    let text = String(decoding: word, as: UTF8.self)
    if rest.isEmpty { return (Int64(text).map { .int($0) }) ?? Double(text).map { .double($0) } }
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix(while: isDigit)
      guard !fraction.isEmpty else { return nil }
      rest = rest.dropFirst(fraction.count + 1)
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
      guard let first = rest.first, isDigit(first) else { return nil }
      rest = rest.drop(while: isDigit)
    }
    guard rest.isEmpty else { return nil }
    return Double(text).map { .double($0) }
  }

  /// A date, a time of day or an instant.
  private static func moment(_ word: ArraySlice<UInt8>) -> ExpressionLiteral? {
    if let date = CalendarDate(word) { return .date(date) }
    if let time = TimeOfDay(word) { return .timeOfDay(time) }
    guard let instant = try? DateTimeOffset(word) else { return nil }
    let isUTC =
      word.last == UInt8(ascii: "Z") || word.last == UInt8(ascii: "z") || word.suffix(5).elementsEqual("00:00".utf8)
    return .dateTime(instant, isUTC: isUTC)
  }

  private static func isGUID(_ word: ArraySlice<UInt8>) -> Bool {
    let groups = word.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return groups.map(\.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy { $0.allSatisfy { Hexadecimal.value(of: $0) != nil } }
  }
}
