/// Writes values of declared types as JSON (OData JSON 4.01), members in the order of their declaration.
public struct EntityWriter {
  /// The text so far.
  public var json: JSONWriter
  /// Where collections of exactly one element lie that may also be answered as that element alone: from the
  /// opening bracket up to the one after the closing bracket.
  public private(set) var collapsible: [Range<Int>] = []

  /// A writer with room for `capacity` bytes.
  public init(capacity: Int = 1_024) { json = JSONWriter(capacity: capacity) }

  /// Writes a value as one object.
  public mutating func object(_ value: StructuredValue, of type: StructuredType) {
    json.beginObject()
    members(value, of: type)
    json.endObject()
  }

  /// Writes the members of a value into the object that is open.
  public mutating func members(_ value: StructuredValue, of type: StructuredType) {
    for property in type.properties {
      let member = value.members[property.index]
      if member.isNull, type.showsOnlySetMembers || property.traits.contains(.omittedWhenNull) { continue }
      json.rawName(property.memberPrefix)
      write(member, property)
    }
    for member in value.dynamic {
      json.name(member.name)
      json.raw(member.json)
    }
  }

  private mutating func write(_ value: Value, _ property: Property) {
    guard case .collection(let elements) = value else { return writeSingle(value, property) }
    let start = json.bytes.count
    json.beginArray()
    for element in elements {
      json.element()
      writeSingle(element, property)
    }
    json.endArray()
    if elements.count == 1, property.traits.contains(.singleOrCollection) {
      collapsible.append(start..<json.bytes.count)
    }
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
}
