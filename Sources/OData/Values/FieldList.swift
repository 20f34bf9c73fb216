/// Reads the value of header fields that are lists (RFC 9110 section 5.6.1), wherever one is read.
public enum FieldList {
  /// What a backslash means between quotes.
  public enum Quoting: Sendable {
    /// It takes the byte behind it as it is (RFC 9110 section 5.6.4).
    case string
    /// Nothing: there are no escapes in an entity tag (RFC 9110 section 8.8.3).
    case entityTag
  }

  /// The elements of all fields of one name, in their order and without blanks around them. Empty elements are left out,
  /// which a recipient must ignore. nil when a quote is not closed: then nobody can say where an element ends.
  public static func elements(of fields: [String], _ quoting: Quoting = .string) -> [Substring]? {
    var elements: [Substring] = []
    for field in fields {
      guard let parts = split(field[...], at: UInt8(ascii: ","), quoting) else { return nil }
      elements += parts.lazy.map(trimmed).filter { !$0.isEmpty }
    }
    return elements
  }

  /// The parts of a text between separators that do not stand in quotes; nil when a quote is not closed.
  public static func split(_ text: Substring, at separator: UInt8, _ quoting: Quoting = .string) -> [Substring]? {
    let bytes = text.utf8
    var parts: [Substring] = []
    var state = State.plain
    var start = bytes.startIndex
    for index in bytes.indices {
      let byte = bytes[index]
      if state == .plain, byte == separator {
        parts.append(text[start..<index])
        start = bytes.index(after: index)
      } else {
        state = state.next(byte, quoting)
      }
    }
    guard state == .plain else { return nil }
    parts.append(text[start...])
    return parts
  }

  /// The text without blanks and tabs around it.
  public static func trimmed(_ text: Substring) -> Substring {
    var bytes = text.utf8
    while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return Substring(bytes)
  }

  /// The value of a parameter: a token as it stands, or what a quoted string means (RFC 9110 section 5.6.6). nil when it
  /// is neither.
  public static func value(_ text: Substring) -> String? {
    let bytes = text.utf8
    guard bytes.first == quote else { return bytes.contains(quote) ? nil : String(text) }
    guard bytes.count >= 2, bytes.last == quote else { return nil }
    var value: [UInt8] = []
    var isEscaped = false
    for byte in bytes.dropFirst().dropLast() {
      if !isEscaped, byte == backslash {
        isEscaped = true
        continue
      }
      guard isEscaped || byte != quote else { return nil }
      isEscaped = false
      value.append(byte)
    }
    return isEscaped ? nil : String(decoding: value, as: UTF8.self)
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Where in a text a reader stands.
  private enum State {
    case plain, quoted, escaped

    func next(_ byte: UInt8, _ quoting: Quoting) -> State {
      switch self {
      case .plain: byte == FieldList.quote ? .quoted : .plain
      case .quoted where byte == FieldList.quote: .plain
      case .quoted: byte == FieldList.backslash && quoting == .string ? .escaped : .quoted
      case .escaped: .quoted
      }
    }
  }
}
