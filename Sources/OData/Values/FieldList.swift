/// Parses header fields whose value is a list (RFC 9110 section 5.6.1).
public enum FieldList {
  /// What a backslash means inside quotes.
  public enum Quoting: Sendable {
    /// It escapes the byte after it: a quoted string (RFC 9110 section 5.6.4).
    case string
    /// It is an ordinary byte: an entity tag, which has no escapes (RFC 9110 section 8.8.3).
    case entityTag
  }

  /// The elements of all fields of one name, in order, without surrounding white space. Empty elements are ignored, as
  /// a recipient must (RFC 9110 section 5.6.1.2). Nil when a quote is not closed, because the elements are then
  /// ambiguous.
  public static func elements(of fields: [String], _ quoting: Quoting = .string) -> [Substring]? {
    var elements: [Substring] = []
    for field in fields {
      guard let parts = split(field[...], at: UInt8(ascii: ","), quoting) else { return nil }
      elements += parts.lazy.map(trimmed).filter { !$0.isEmpty }
    }
    return elements
  }

  /// The parts of a text between separators outside quotes; nil when a quote is not closed.
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

  /// The text without spaces and tabs at its ends (`OWS`, RFC 9110 section 5.6.3).
  public static func trimmed(_ text: Substring) -> Substring {
    var bytes = text.utf8
    while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return Substring(bytes)
  }

  /// The value of a parameter: a token as it is, or the content of a quoted string without its escapes (RFC 9110
  /// section 5.6.6). Nil when it is neither.
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

  /// The state of the scanner.
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
