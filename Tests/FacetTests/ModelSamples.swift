import Foundation
import OData

/// JSON values that a declared property accepts, and values that it must refuse. Nothing here names a type.
enum ModelSamples {
  /// Values for one property: at least two, each different from the one before.
  static func values(of property: Property) -> [Any] {
    let single = single(property.type)
    guard property.isCollection else { return single }
    return [[single[0]], Array(single.prefix(4)), [], Array(single.suffix(1))]
  }

  private static func single(_ type: Property.ValueType) -> [Any] {
    switch type {
    case .primitive(let kind): return primitive(kind)
    case .enumeration(let type):
      let members = type.members.filter { $0.name != EnumType.sentinelName }
      let combined = members.filter { $0.value != 0 }.map(\.name).joined(separator: ",")
      return members.map(\.name) + (type.isFlags ? [combined] : [])
    case .complex(let type): return [object(of: type, 0), object(of: type, 1)]
    }
  }

  private static func primitive(_ kind: PrimitiveKind) -> [Any] {
    switch kind {
    case .boolean: return [true, false]
    case .int32: return [1, 0, -1, Int(Int32.max), Int(Int32.min)]
    case .int64: return [1, 0, -1, Int.max, Int.min]
    case .double: return [0.5, 0, -273.15, 1e300, 12]
    case .string: return ["a", "", "Zoë \"quoted\" \\ / \u{1F600}\n\t\u{1}", "Zoe\u{308}"]
    case .date: return ["2024-02-29", "0001-01-01", "9999-12-31"]
    case .dateTimeOffset:
      return ["2020-07-06T06:34:12.2294868Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"]
    }
  }

  /// A complete value of a type; `choice` picks among the samples of each member.
  static func object(of type: StructuredType, _ choice: Int) -> [String: Any] {
    var object: [String: Any] = [:]
    for property in type.properties {
      let values = values(of: property)
      object[property.name] = values[choice % values.count]
    }
    return object
  }

  /// Values of another kind than the property's, and values of the right kind with wrong content.
  static func wrongValues(of property: Property) -> [Any] {
    let single = wrongSingle(property.type)
    guard property.isCollection else { return single + [[Any]()] }
    // A value that may stand for a collection is wrong here too, since it is not an element either.
    return single.filter { !($0 is String) } + single.map { [$0] } + [[NSNull()]]
  }

  private static func wrongSingle(_ type: Property.ValueType) -> [Any] {
    switch type {
    case .primitive(let kind):
      switch kind {
      case .boolean: return ["true", 1]
      case .int32: return ["1", true, 1.5, Int(Int32.max) + 1, Int(Int32.min) - 1]
      case .int64: return ["1", true, 1.5]
      case .double: return ["0.5", true]
      case .string: return [5, false, [String: Any]()]
      case .date: return [20_240_229, "Date", "2023-02-29", "2024-02-29T00:00:00Z"]
      case .dateTimeOffset: return [1_594_017_252, "datetime-value", "2020-07-06", "2020-07-06T06:34:12"]
      }
    case .enumeration(let type):
      let undeclared = (type.members.map(\.value).max() ?? 0) + (type.isFlags ? 1_024 : 1)
      return ["noSuchMember", true, undeclared, -1]
    case .complex: return ["text", 5, true]
    }
  }

  /// How a response shows a property after null was sent for it; nil when it leaves the property out.
  static func cleared(_ property: Property, of owner: StructuredType) -> Any? {
    if case .enumeration(let number) = property.nullMeaning, case .enumeration(let type) = property.type {
      return type.text(of: number)
    }
    if property.isCollection, !property.isNullable { return [Any]() }
    return owner.showsOnlySetMembers || property.traits.contains(.omittedWhenNull) ? nil : NSNull()
  }
}

/// The same text for equal values, whatever the order of their members. It is compared byte by byte.
struct CanonicalJSON: Equatable, CustomStringConvertible {
  let bytes: [UInt8]
  var description: String { String(decoding: bytes, as: UTF8.self) }

  /// The text of parsed JSON; nil stands for an absent member.
  init(_ value: Any?) {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
    let data = value.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: options) }
    bytes = data.map(Array.init) ?? Array("(nothing)".utf8)
  }
}

/// Paths into parsed JSON.
enum JSONPath {
  /// `{"a":{"b":value}}` for the path a, b.
  static func nested(_ path: [String], _ value: Any) -> [String: Any] {
    guard let first = path.first else { return [:] }
    return [first: path.count == 1 ? value : nested(Array(path.dropFirst()), value)]
  }

  /// The value at a path; nil when there is none.
  static func value(_ object: Any?, at path: [String]) -> Any? {
    path.reduce(object) { ($0 as? [String: Any])?[$1] }
  }
}
