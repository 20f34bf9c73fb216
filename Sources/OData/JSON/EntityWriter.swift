/// Writes values of declared types as JSON (OData JSON 4.01 section 7), with members in the order of their declaration.
public struct EntityWriter {
  /// The writer of the text.
  public var json: JSONWriter
  /// The byte ranges, brackets included, of the collections that hold one element and may also be written as that
  /// element alone (`Property.Traits.singleOrCollection`).
  public private(set) var collapsible: [Range<Int>] = []

  /// Whether such a collection is written as its element alone.
  private let collapses: Bool

  /// A writer of a new text, with room for `capacity` bytes.
  public init(capacity: Int = 1_024) { self.init(continuing: JSONWriter(capacity: capacity), collapses: false) }

  /// A writer that continues `json`. `collapses` says whether a collection of one element is written as that element
  /// alone, where the property allows it.
  public init(continuing json: JSONWriter, collapses: Bool) {
    self.json = json
    self.collapses = collapses
  }

  /// Writes a value of `type` as one object.
  public mutating func object(_ value: StructuredValue, of type: StructuredType) {
    json.beginObject()
    members(value, of: type)
    json.endObject()
  }

  /// Writes the selected members into the open object, in the order of their declaration (OData URL Conventions 4.01
  /// section 5.1.4).
  public mutating func members(_ value: StructuredValue, of type: StructuredType, selecting selection: Selection) {
    guard !selection.includesAllProperties else { return members(value, of: type) }
    for member in selection.members.sorted(by: { $0.index < $1.index }) {
      let property = type.properties[member.index]
      let value = value.members[member.index]
      json.rawName(property.memberPrefix)
      if let within = member.within, case .complex(let complex) = property.type, case .complex(let inner) = value {
        json.beginObject()
        members(inner, of: complex, selecting: within)
        json.endObject()
      } else {
        write(value, property)
      }
    }
  }

  /// Writes the value of a property as the member `name`.
  public mutating func member(_ name: String, _ value: Value, of property: Property) {
    json.name(name)
    write(value, property)
  }

  /// Writes all members of a value into the open object, undeclared ones last.
  public mutating func members(_ value: StructuredValue, of type: StructuredType) {
    for property in type.properties { member(value.members[property.index], of: property, in: type) }
    for member in value.dynamic {
      json.name(member.name)
      json.raw(member.json)
    }
  }

  /// Writes one member of an entity or complex value of `type`, or leaves it out where it is null.
  mutating func member(_ value: Value, of property: Property, in type: StructuredType) {
    if type.mayLeaveOut[property.index], Self.isUnset(value, property) { return }
    json.rawName(property.memberPrefix)
    write(value, property)
  }

  private static func isUnset(_ value: Value, _ property: Property) -> Bool {
    if case .collection(let elements) = value { return elements.isEmpty && property.defaultsToEmpty }
    return value.isNull
  }

  /// Copies members of an object that a writer wrote, and its collapsible range if that lies among them.
  mutating func copyMembers(_ written: [UInt8], at range: Range<Int>, _ collapsible: Range<Int>?) {
    json.rawMember(written[range])
    guard let collapsible, range.contains(collapsible.lowerBound) else { return }
    let end = json.bytes.count - (range.upperBound - collapsible.upperBound)
    self.collapsible.append((end - collapsible.count)..<end)
  }

  private mutating func write(_ value: Value, _ property: Property) {
    guard case .collection(let elements) = value else { return writeSingle(value, property) }
    let isSingle = elements.count == 1 && property.traits.contains(.singleOrCollection)
    if isSingle, collapses, let element = elements.first { return writeSingle(element, property) }
    let start = json.bytes.count
    json.beginArray()
    for element in elements {
      json.element()
      writeSingle(element, property)
    }
    json.endArray()
    if isSingle { collapsible.append(start..<json.bytes.count) }
  }

  private mutating func writeSingle(_ value: Value, _ property: Property) {
    switch value {
    case .null, .collection: json.null()
    case .bool(let value): json.bool(value)
    case .int(let value): json.int(value)
    case .double(let value): json.double(value)
    case .string(let value): json.string(value)
    case .date(let value): json.plainString(value.utf8)
    case .dateTime(let value): json.plainString(value.utf8)
    case .enumeration(let number):
      guard case .enumeration(let type) = property.type else { return json.int(number) }
      json.string(type.text(of: number))
    case .complex(let value):
      guard case .complex(let type) = property.type else { return json.null() }
      object(value, of: type)
    }
  }

  /// The text of a primitive value for `$value`, without quotes (OData URL Conventions 4.01 section 4.7); nil for null,
  /// and for a complex value or a collection.
  public static func rawText(of value: Value, _ property: Property) -> String? {
    switch value {
    case .null, .complex, .collection: nil
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .double(let value): value.description
    case .string(let value): value
    case .date(let value): value.description
    case .dateTime(let value): value.description
    case .enumeration(let number):
      if case .enumeration(let type) = property.type { type.text(of: number) } else { String(number) }
    }
  }
}
