import OData

/// Sample values for queries: unset properties, empty collections, strings that differ in bytes only, numbers at the
/// edge of their types, undeclared members.
enum Samples {
  /// A value with its key.
  typealias Entity = (id: String, value: StructuredValue)

  private static let variants = 8

  private static let byType: [String: [Entity]] = Dictionary(
    uniqueKeysWithValues: Input.types.map { type in
      (type.name, (0..<variants).map { ("\($0)", entity(type, variant: $0)) })
    })

  /// The samples of an entity type, each with a different key.
  static func entities(of type: StructuredType) -> [Entity] { byType[type.name] ?? [] }

  private static func entity(_ type: StructuredType, variant: Int) -> StructuredValue {
    var value = variant == 0 ? StructuredValue(of: type) : structured(type, variant)
    for property in type.properties where property.traits.contains(.key) {
      value.members[property.index] = .string("\(variant)")
    }
    return value
  }

  private static func structured(_ type: StructuredType, _ variant: Int) -> StructuredValue {
    var value = StructuredValue(of: type)
    for property in type.properties { value.members[property.index] = self.value(property, variant + property.index) }
    if type.isOpen {
      value.dynamic = [
        DynamicMember(name: "rank", json: Array(undeclared[variant % undeclared.count].utf8)),
        DynamicMember(name: "mark", json: Array(undeclared[(variant + 3) % undeclared.count].utf8)),
      ]
    }
    return value
  }

  private static func value(_ property: Property, _ variant: Int) -> Value {
    guard !property.isCollection else { return collection(property, variant) }
    return variant % 7 == 0 ? .null : single(property, variant)
  }

  private static func collection(_ property: Property, _ variant: Int) -> Value {
    switch variant % 4 {
    case 0 where property.isNullable: .null
    case 0, 1: .collection([])
    case 2: .collection([single(property, variant)])
    default: .collection([single(property, variant), single(property, variant + 1), single(property, variant)])
    }
  }

  private static func single(_ property: Property, _ variant: Int) -> Value {
    switch property.type {
    case .primitive(let kind): primitive(kind, variant)
    case .enumeration(let type): .enumeration(type.members[variant % type.members.count].value)
    case .complex(let type): .complex(structured(type, variant))
    }
  }

  private static func primitive(_ kind: PrimitiveKind, _ variant: Int) -> Value {
    switch kind {
    case .boolean: .bool(variant % 2 == 0)
    case .int32: .int([0, 1, -1, Int64(Int32.max), Int64(Int32.min)][variant % 5])
    case .int64: .int([0, 1, -1, .max, .min][variant % 5])
    case .double: .double(doubles[variant % doubles.count])
    case .string: .string(texts[variant % texts.count])
    case .date: days[variant % days.count].map { .date($0) } ?? .null
    case .dateTimeOffset: .dateTime(DateTimeOffset(unixSeconds: instants[variant % instants.count]))
    }
  }

  private static let texts = [
    "", "a", "A", "Z\u{FC}rich", "Zu\u{308}rich", "\u{301}", "\u{130}I\u{DF}", "\u{1F600}\u{200D}", "it's 100%", "true",
    String(repeating: "a", count: 127) + "\u{E9}x", String(repeating: "a", count: 128) + "y",
  ]
  private static let doubles: [Double] = [
    0, -0.0, 1, 1.5, -90, 9_007_199_254_740_992, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
    .leastNonzeroMagnitude,
  ]
  private static let days = [
    CalendarDate(year: 1, month: 1, day: 1), CalendarDate(year: 2024, month: 2, day: 29),
    CalendarDate(year: 9999, month: 12, day: 31),
  ]
  private static let instants: [Int64] = [.min, -1, 0, 1_600_000_000, .max]
  /// The JSON of undeclared members.
  private static let undeclared = [
    "1", "1.0", "9007199254740993", "9007199254740992.0", "\"1\"", "true", "[1]", "1e400", "-9223372036854775808",
    "1.5",
  ]
}
