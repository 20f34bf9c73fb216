// Functions of strings and collections (OData URL Conventions 4.01 sections 5.1.1.5 to 5.1.1.7). Strings are counted in
// Unicode scalars: their number does not depend on the version of Unicode, as the number of graphemes does.

extension ExpressionFunction {
  /// The value of a function of strings or collections, none of whose arguments is null; null for every other function.
  ///
  /// - Throws: `EvaluationError.negativeLength` when `substring` is given a negative length.
  func textResult(_ arguments: [ExpressionValue]) throws(EvaluationError) -> ExpressionValue {
    switch self {
    case .length: Self.length(of: arguments[0])
    case .tolower: Self.transformed(arguments[0]) { $0.lowercased() }
    case .toupper: Self.transformed(arguments[0]) { $0.uppercased() }
    case .trim: Self.transformed(arguments[0], Self.trimmed)
    case .substring: try Self.substring(arguments)
    case .concat: Self.combined(arguments, { .string($0 + $1) }, { .collection($0 + $1) })
    case .contains:
      Self.combined(
        arguments, { .bool(TextSearch($1).firstIndex(in: $0) != nil) },
        { .bool(Self.firstIndex(of: $1, in: $0) != nil) })
    case .startswith:
      Self.combined(
        arguments, { .bool($0.utf8.starts(with: $1.utf8)) }, { .bool(Self.stands($1, in: $0, at: 0)) })
    case .endswith: Self.combined(arguments, Self.endsWith, Self.endsWith)
    case .indexof:
      Self.combined(arguments, Self.index, { .int(Int64(Self.firstIndex(of: $1, in: $0) ?? -1)) })
    case .hassubset: Self.combined(arguments, { _, _ in .null }, { .bool(Self.containsAll($1, $0)) })
    case .hassubsequence: Self.combined(arguments, { _, _ in .null }, { .bool(Self.containsInOrder($1, $0)) })
    case .date, .day, .fractionalseconds, .hour, .maxdatetime, .mindatetime, .minute, .month, .now, .second, .time,
      .totaloffsetminutes, .totalseconds, .year, .ceiling, .floor, .round:
      .null
    }
  }

  // MARK: Shapes of arguments

  /// The result for a string; null for any other value.
  private static func transformed(_ value: ExpressionValue, _ transform: (String) -> String) -> ExpressionValue {
    if case .string(let text) = value { .string(transform(text)) } else { .null }
  }

  /// The result for two strings or for two collections; null for anything else.
  private static func combined(
    _ arguments: [ExpressionValue], _ texts: (String, String) -> ExpressionValue,
    _ collections: ([ExpressionValue], [ExpressionValue]) -> ExpressionValue
  ) -> ExpressionValue {
    if case .string(let text) = arguments[0], case .string(let other) = arguments[1] { return texts(text, other) }
    if case .collection(let elements) = arguments[0], case .collection(let other) = arguments[1] {
      return collections(elements, other)
    }
    return .null
  }

  // MARK: Functions

  private static func length(of value: ExpressionValue) -> ExpressionValue {
    if case .string(let text) = value { return .int(Int64(text.unicodeScalars.count)) }
    if case .collection(let elements) = value { return .int(Int64(elements.count)) }
    return .null
  }

  private static func endsWith(_ text: String, _ other: String) -> ExpressionValue {
    .bool(text.utf8.count >= other.utf8.count && text.utf8.suffix(other.utf8.count).elementsEqual(other.utf8))
  }

  private static func endsWith(_ elements: [ExpressionValue], _ other: [ExpressionValue]) -> ExpressionValue {
    .bool(elements.count >= other.count && stands(other, in: elements, at: elements.count - other.count))
  }

  private static func index(_ text: String, _ other: String) -> ExpressionValue {
    guard let offset = TextSearch(other).firstIndex(in: text) else { return .int(-1) }
    // Continuation bytes of UTF-8 are not scalars of their own.
    return .int(Int64(text.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }))
  }

  /// `substring` of a string or a collection. Members of open types may hold any value, so the start and the length are
  /// looked at again.
  private static func substring(_ arguments: [ExpressionValue]) throws(EvaluationError) -> ExpressionValue {
    guard case .int(let start) = arguments[1] else { return .null }
    let length = arguments.count > 2 ? arguments[2] : nil
    if let length { guard case .int = length else { return .null } }
    if case .string(let text) = arguments[0] {
      let scalars = text.unicodeScalars
      let range = try range(of: scalars.count, start, length)
      return .string(String(String.UnicodeScalarView(scalars.dropFirst(range.lowerBound).prefix(range.count))))
    }
    guard case .collection(let elements) = arguments[0] else { return .null }
    return .collection(Array(elements[try range(of: elements.count, start, length)]))
  }

  /// The part that `substring` takes. A negative start counts from the end (OData URL Conventions 4.01 section
  /// 5.1.1.5).
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

  /// Whether `elements` contains each element of `part`, as often as `part` does.
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

/// Finds a string in others in time linear in both (Knuth, Morris and Pratt). Strings are compared byte by byte.
public struct TextSearch {
  private let pattern: [UInt8]
  /// For each length of a partial match, the length of its longest border: the longest proper prefix that is also a
  /// suffix.
  private let borders: [Int]

  /// A search for this string.
  public init(_ pattern: String) {
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

  /// The offset of the first occurrence, in bytes of UTF-8; nil when there is none.
  public func firstIndex(in text: String) -> Int? {
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
