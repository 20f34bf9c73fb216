/// A JSON document that is built as a tree before it is written. Members keep their order.
///
/// It serves documents that are made once, at the start. Responses are written directly with `JSONWriter`.
public indirect enum DocumentNode: Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// An integer.
  case int(Int64)
  /// A string.
  case string(String)
  /// An array.
  case array([DocumentNode])
  /// An object, with its members in order.
  case object([(name: String, value: DocumentNode)])

  /// The document as JSON (RFC 8259); when indented, by two spaces, with a line feed at the end.
  public func bytes(isIndented: Bool = false) -> [UInt8] {
    var json = JSONWriter(capacity: 4_096)
    write(into: &json, indentation: isIndented ? 0 : nil)
    if isIndented { json.append("\n".utf8) }
    return json.bytes
  }

  /// The object with these members added; any other node as it is.
  func adding(_ members: [(name: String, value: DocumentNode)]) -> DocumentNode {
    guard case .object(let own) = self else { return self }
    return .object(own + members)
  }

  private func write(into json: inout JSONWriter, indentation: Int?) {
    switch self {
    case .null: json.null()
    case .bool(let value): json.bool(value)
    case .int(let value): json.int(value)
    case .string(let value): json.string(value)
    case .array(let elements):
      json.beginArray()
      for element in elements {
        json.element()
        Self.breakLine(&json, indentation.map { $0 + 1 })
        element.write(into: &json, indentation: indentation.map { $0 + 1 })
      }
      if !elements.isEmpty { Self.breakLine(&json, indentation) }
      json.endArray()
    case .object(let members):
      json.beginObject()
      for member in members {
        Self.name(member.name, into: &json, indentation.map { $0 + 1 })
        member.value.write(into: &json, indentation: indentation.map { $0 + 1 })
      }
      if !members.isEmpty { Self.breakLine(&json, indentation) }
      json.endObject()
    }
  }

  private static func name(_ name: String, into json: inout JSONWriter, _ indentation: Int?) {
    guard let indentation else { return json.name(name) }
    // Begin an element first, so that the comma comes before the line break.
    json.element()
    breakLine(&json, indentation)
    json.name(name)
    json.append(" ".utf8)
  }

  private static func breakLine(_ json: inout JSONWriter, _ indentation: Int?) {
    guard let indentation else { return }
    json.append("\n".utf8)
    json.append(String(repeating: "  ", count: indentation).utf8)
  }
}

extension DocumentNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  public init(integerLiteral value: Int64) { self = .int(value) }
  /// An array.
  public init(arrayLiteral elements: DocumentNode...) { self = .array(elements) }
  /// An object with its members in the order of the literal.
  public init(dictionaryLiteral elements: (String, DocumentNode)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }
}
