// Functions of texts and collections (OData URL Conventions 4.01 sections 5.1.1.5 to 5.1.1.7). A text is looked at by
// its Unicode scalars: their number does not depend on a version of Unicode, as that of graphemes does.

extension ExpressionFunction {
  func textResult(_ arguments: [ExpressionValue]) throws(EvaluationError) -> ExpressionValue {
    switch (arguments[0], arguments.count > 1 ? arguments[1] : .null) {
    case (.string(let text), .null): return textResult(text)
    case (.string(let text), .string(let other)): return textResult(text, other)
    case (.string(let text), .int(let start)) where self == .substring && Self.isLength(arguments.dropFirst(2).first):
      let range = try Self.range(of: text.unicodeScalars.count, start, arguments.count > 2 ? arguments[2] : nil)
      return .string(
        String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(range.lowerBound).prefix(range.count))))
    case (.collection(let elements), .null): return .int(Int64(elements.count))
    case (.collection(let elements), .collection(let other)): return collectionResult(elements, other)
    case (.collection(let elements), .int(let start))
    where self == .substring && Self.isLength(arguments.dropFirst(2).first):
      return .collection(
        Array(elements[try Self.range(of: elements.count, start, arguments.count > 2 ? arguments[2] : nil)]))
    default: return .null
    }
  }

  /// Members of open types may be of any kind, also where a length is needed.
  private static func isLength(_ argument: ExpressionValue?) -> Bool {
    guard let argument else { return true }
    if case .int = argument { return true }
    return false
  }

  private func textResult(_ text: String) -> ExpressionValue {
    switch self {
    case .length: .int(Int64(text.unicodeScalars.count))
    case .tolower: .string(text.lowercased())
    case .toupper: .string(text.uppercased())
    case .trim: .string(Self.trimmed(text))
    default: .null
    }
  }

  private func textResult(_ text: String, _ other: String) -> ExpressionValue {
    switch self {
    case .concat: return .string(text + other)
    case .startswith: return .bool(text.utf8.starts(with: other.utf8))
    case .endswith:
      return .bool(text.utf8.count >= other.utf8.count && text.utf8.suffix(other.utf8.count).elementsEqual(other.utf8))
    case .contains: return .bool(TextSearch(other).firstIndex(in: text) != nil)
    case .indexof:
      guard let offset = TextSearch(other).firstIndex(in: text) else { return .int(-1) }
      // Continuation bytes are no characters of their own.
      return .int(Int64(text.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }))
    default: return .null
    }
  }

  private func collectionResult(_ elements: [ExpressionValue], _ other: [ExpressionValue]) -> ExpressionValue {
    switch self {
    case .concat: .collection(elements + other)
    case .startswith: .bool(Self.stands(other, in: elements, at: 0))
    case .endswith:
      .bool(elements.count >= other.count && Self.stands(other, in: elements, at: elements.count - other.count))
    case .contains: .bool(Self.firstIndex(of: other, in: elements) != nil)
    case .indexof: .int(Int64(Self.firstIndex(of: other, in: elements) ?? -1))
    case .hassubset: .bool(Self.containsAll(other, elements))
    case .hassubsequence: .bool(Self.containsInOrder(other, elements))
    default: .null
    }
  }

  /// The part that `substring` takes; a negative start counts from the end (4.01).
  private static func range(
    of count: Int, _ start: Int64, _ length: ExpressionValue?
  ) throws(EvaluationError) -> Range<Int> {
    let first = Int(start < 0 ? max(0, Int64(count) + max(start, -Int64(count))) : min(start, Int64(count)))
    guard case .int(let length) = length else { return first..<count }
    guard length >= 0 else { throw .negativeLength }
    return first..<(first + Int(min(length, Int64(count - first))))
  }

  private static func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  private static func stands(_ part: [ExpressionValue], in elements: [ExpressionValue], at start: Int) -> Bool {
    guard start + part.count <= elements.count else { return false }
    return elements[start..<(start + part.count)].elementsEqual(part) { $0.equals($1) }
  }

  private static func firstIndex(of part: [ExpressionValue], in elements: [ExpressionValue]) -> Int? {
    guard part.count <= elements.count else { return nil }
    return (0...(elements.count - part.count)).first { stands(part, in: elements, at: $0) }
  }

  /// Each element of the part is needed as often as it stands there.
  private static func containsAll(_ part: [ExpressionValue], _ elements: [ExpressionValue]) -> Bool {
    var rest = elements
    for element in part {
      guard let index = rest.firstIndex(where: { $0.equals(element) }) else { return false }
      rest.remove(at: index)
    }
    return true
  }

  private static func containsInOrder(_ part: [ExpressionValue], _ elements: [ExpressionValue]) -> Bool {
    var rest = part[...]
    for element in elements {
      guard let wanted = rest.first else { return true }
      if element.equals(wanted) { rest.removeFirst() }
    }
    return rest.isEmpty
  }
}

/// Finds a text within others in time linear in both (Knuth, Morris and Pratt).
struct TextSearch {
  private let pattern: [UInt8]
  /// For each length of a match, the length of the longest shorter one that it ends with.
  private let borders: [Int]

  init(_ pattern: String) {
    self.pattern = Array(pattern.utf8)
    var borders = [Int](repeating: 0, count: self.pattern.count)
    var matched = 0
    for index in self.pattern.indices.dropFirst() {
      while matched > 0, self.pattern[index] != self.pattern[matched] { matched = borders[matched - 1] }
      if self.pattern[index] == self.pattern[matched] { matched += 1 }
      borders[index] = matched
    }
    self.borders = borders
  }

  /// The offset of the first occurrence, in bytes.
  func firstIndex(in text: String) -> Int? {
    guard !pattern.isEmpty else { return 0 }
    var matched = 0
    for (offset, byte) in text.utf8.enumerated() {
      while matched > 0, byte != pattern[matched] { matched = borders[matched - 1] }
      if byte == pattern[matched] { matched += 1 }
      if matched == pattern.count { return offset + 1 - matched }
    }
    return nil
  }
}
