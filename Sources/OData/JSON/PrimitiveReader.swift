/// The path of a value in a body: property names, joined by slashes.
struct PropertyPath {
  private var owner = ""
  private var name = ""

  /// The path as text, put together only when it is asked for.
  var text: String { owner.isEmpty ? name : owner + "/" + name }

  /// The path of a property inside this one.
  func appending(_ name: String) -> PropertyPath {
    var path = PropertyPath()
    path.owner = text
    path.name = name
    return path
  }

  /// A name that a client sent, in a form that is safe in a message: at most 64 scalars, without control characters.
  static func printable(_ name: String) -> String {
    let scalars = name.unicodeScalars.prefix(64).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
    return String(String.UnicodeScalarView(scalars))
  }
}

/// Reads one primitive value (OData JSON 4.01 section 7.1); errors name the property.
struct PrimitiveReader {
  /// The path of the value.
  let path: PropertyPath
  /// Whether the bounds of values are checked.
  let enforcesLimits: Bool

  /// Reads one value of this kind.
  ///
  /// - Throws: `JSONError` when the text is not JSON, `BodyError` when the value is of another kind or out of bounds.
  func read(_ reader: inout JSONReader, as kind: PrimitiveKind) throws -> Value {
    switch kind {
    case .boolean:
      try expect(.boolean, "true or false", &reader)
      return .bool(try reader.readBool())
    case .int32:
      return .int(try readInteger(&reader, in: Int64(Int32.min)...Int64(Int32.max)))
    case .int64:
      return .int(try readInteger(&reader, in: Int64.min...Int64.max))
    case .double:
      try expect(.number, "a number", &reader)
      guard let value = try reader.readNumber().double else { throw invalid("is beyond the range of a double") }
      return .double(value)
    case .string:
      return .string(try readText(&reader, "a string").string)
    case .date:
      guard let date = CalendarDate(try readText(&reader, "a date such as \"2024-01-31\"").utf8) else {
        throw invalid("must be a day of the calendar, written YYYY-MM-DD")
      }
      return .date(date)
    case .dateTimeOffset:
      return .dateTime(try readInstant(&reader))
    }
  }

  private func readInstant(_ reader: inout JSONReader) throws -> DateTimeOffset {
    let text = try readText(&reader, "a date and time such as \"2024-01-31T08:00:00Z\"").utf8
    do throws(DateTimeOffset.ParseError) {
      return try DateTimeOffset(text)
    } catch {
      switch error {
      case .missingOffset:
        throw invalid(
          "has no offset from UTC: end it with Z or an offset such as +02:00 (in Python, use a datetime with tzinfo)")
      case .malformed: throw invalid("must be a date and time with offset, such as 2024-01-31T08:00:00Z")
      }
    }
  }

  private func readInteger(_ reader: inout JSONReader, in range: ClosedRange<Int64>) throws -> Int64 {
    try expect(.number, "an integer", &reader)
    guard let value = try reader.readNumber().int64, range.contains(value) else {
      throw invalid("must be an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  private func readText(_ reader: inout JSONReader, _ expected: String) throws -> JSONReader.Text {
    try expect(.string, expected, &reader)
    let text = try reader.readString()
    guard !enforcesLimits || text.utf8Count <= Limits.stringBytesMax else {
      throw BodyError.tooLarge(property: path.text, bound: "at most \(Limits.stringBytesMax) bytes of UTF-8")
    }
    return text
  }

  private func expect(_ kind: JSONReader.Kind, _ expected: String, _ reader: inout JSONReader) throws {
    guard try reader.peek() == kind else { throw BodyError.wrongKind(property: path.text, expected: expected) }
  }

  private func invalid(_ reason: String) -> BodyError { .invalidValue(property: path.text, reason: reason) }
}
