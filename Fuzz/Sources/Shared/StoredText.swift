import OData

/// Values in their stored form: JSON that is written and read back.
enum StoredText {
  /// A value of `type` with only those properties set that the server always sets.
  static func blank(of type: StructuredType) -> StructuredValue {
    var value = StructuredValue(of: type)
    complete(&value, type)
    return value
  }

  /// The value that a body makes of an unset one, with what the server always sets.
  static func value(of patch: StructuredPatch, _ type: StructuredType) -> StructuredValue {
    var value = StructuredValue(of: type)
    _ = patch.apply(to: &value, of: type)
    complete(&value, type)
    return value
  }

  private static func complete(_ value: inout StructuredValue, _ type: StructuredType) {
    for property in type.properties where value.members[property.index].isNull {
      if property.traits.contains(.key) { value.members[property.index] = .string("key") }
      if let meaning = property.nullMeaning { value.members[property.index] = meaning }
    }
  }

  /// The JSON of a value.
  static func text(_ value: StructuredValue, of type: StructuredType, collapses: Bool = false) -> [UInt8] {
    var writer = EntityWriter(continuing: JSONWriter(), collapses: collapses)
    writer.object(value, of: type)
    return writer.json.bytes
  }

  /// Checks that a stored value reads back equal and is written again as the same bytes.
  static func requireRoundTrip(_ value: StructuredValue, of type: StructuredType) {
    let text = text(value, of: type)
    let again = read(text, by: EntityReader(.restore, dialect: .strict), type)
    require(again == value, "a value is not what it was after it was stored")
    require(Self.text(again, of: type) == text, "a value that was stored is written in other bytes")
    let collapsed = Self.text(value, of: type, collapses: true)
    require(
      read(collapsed, by: EntityReader(.restore, dialect: .strict), type) == value,
      "a value with a collapsed collection is another")
  }

  /// Reads what the server wrote, which must succeed.
  static func read(_ text: [UInt8], by reader: EntityReader, _ type: StructuredType) -> StructuredValue {
    do throws(BodyError) { return value(of: try reader.read(text, as: type), type) } catch {
      broken("what was written is refused: \(error.message)")
    }
  }
}
