/// Literals (OData ABNF `primitiveLiteral`).
extension OptionParser {
  /// The literal that stands here; nil when it is something else.
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

  /// Characters that literals without quotes are made of.
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

  /// `prefix'text'`: a duration, or a member of an enumeration.
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

  /// A string in quotes, where a doubled quote stands for one.
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

  /// A string as JSON writes it, in lists with brackets.
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

  /// An integer, a decimal, or a double. What does not fit 64 bits is a double.
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

  /// A date, a time of day, or an instant.
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

extension TimeOfDay {
  /// Reads `hh:mm[:ss[.fffffff]]` (OData ABNF `timeOfDayValue`), nil for anything else.
  init?(_ text: some Sequence<UInt8>) {
    var reader = DigitReader(text)
    guard let ticks = DateTimeOffset.readTimeOfDay(&reader), reader.isAtEnd else { return nil }
    self.ticks = ticks
  }
}

extension Duration100ns {
  /// Reads `[-]P[nD][T[nH][nM][n[.n]S]]` (OData ABNF `durationValue`), nil for anything else or beyond 10,000 years.
  init?(_ text: some Sequence<UInt8>) {
    var rest = Array(text)[...]
    var sign: Int64 = 1
    if rest.first == UInt8(ascii: "-") {
      sign = -1
      rest.removeFirst()
    }
    guard rest.popFirst() == UInt8(ascii: "P") else { return nil }
    var sum: Int64 = 0
    var isEmpty = true
    func take(_ unit: Character, _ seconds: Int64) -> Bool {
      let digits = rest.prefix(while: OptionParser.isDigit)
      guard !digits.isEmpty, digits.count <= 12, rest.dropFirst(digits.count).first == unit.asciiValue,
        let number = Int64(String(decoding: digits, as: UTF8.self))
      else { return true }
      rest = rest.dropFirst(digits.count + 1)
      isEmpty = false
      return Self.add(number, times: seconds * DateTimeOffset.ticksPerSecond, to: &sum)
    }
    guard take("D", 86_400) else { return nil }
    if rest.first == UInt8(ascii: "T") {
      rest.removeFirst()
      isEmpty = true
      guard take("H", 3_600), take("M", 60), Self.takeSeconds(&rest, &sum, &isEmpty) else { return nil }
    }
    guard rest.isEmpty, !isEmpty else { return nil }
    ticks = sign * sum
  }

  private static func takeSeconds(_ rest: inout ArraySlice<UInt8>, _ sum: inout Int64, _ isEmpty: inout Bool) -> Bool {
    guard !rest.isEmpty else { return true }
    guard rest.last == UInt8(ascii: "S") else { return false }
    let parts = rest.dropLast().split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, (1...12).contains(whole.count),
      let number = Int64(String(decoding: whole, as: UTF8.self)),
      whole.allSatisfy(OptionParser.isDigit),
      add(number, times: DateTimeOffset.ticksPerSecond, to: &sum)
    else { return false }
    rest = []
    isEmpty = false
    guard parts.count == 2 else { return true }
    guard !parts[1].isEmpty, parts[1].allSatisfy(OptionParser.isDigit) else {
      return false
    }
    var unit = DateTimeOffset.ticksPerSecond
    for digit in parts[1].prefix(7) {
      unit /= 10
      sum += Int64(digit - UInt8(ascii: "0")) * unit
    }
    return true
  }

  private static let ticksMax = 10_000 * 366 * 86_400 * DateTimeOffset.ticksPerSecond

  private static func add(_ number: Int64, times unit: Int64, to sum: inout Int64) -> Bool {
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow, product <= ticksMax, sum + product <= ticksMax else { return false }
    sum += product
    return true
  }
}
