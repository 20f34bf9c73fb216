/// The members of an entity or complex value, in the order that its type declares.
public struct StructuredValue: Equatable, Sendable {
  /// One value for each property of the type, by `Property.index`.
  public var members: [Value]
  /// Members that an open type holds beside its declared ones, in the order they came.
  public var dynamic: [DynamicMember]

  /// A value of `type` in which nothing is set.
  public init(of type: StructuredType) {
    members = type.properties.map(Self.unset)
    dynamic = []
  }

  /// What a patch of `type` makes of a value in which nothing is set, but for members that are not declared.
  public init(_ patch: StructuredPatch, of type: StructuredType) {
    members = type.properties.map {
      StructuredPatch.result(of: patch.members[$0.index], on: .null, $0) ?? Self.unset($0)
    }
    dynamic = []
  }

  private static func unset(_ property: Property) -> Value { property.defaultsToEmpty ? .collection([]) : .null }
}

/// A member that the type does not declare (OData 4.01 part 3, open types).
public struct DynamicMember: Equatable, Sendable {
  public let name: String
  /// The value as canonical JSON.
  public let json: [UInt8]

  /// A member `name` whose value is the given JSON.
  public init(name: String, json: [UInt8]) {
    self.name = name
    self.json = json
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.name.hasSameBytes(as: right.name) && left.json == right.json
  }
}

extension StructuredValue {
  /// Throws when an open value in one of the properties at `positions` holds more undeclared members than
  /// `Limits.dynamicMembersMax`.
  ///
  /// A body is bounded as it is read; what several bodies leave behind together must be bounded once more.
  public func checkUndeclaredMembers(at positions: [Int], of type: StructuredType) throws(BodyError) {
    for position in positions { try Self.check(members[position], type.properties[position], PropertyPath()) }
  }

  private static func check(_ value: Value, _ property: Property, _ path: PropertyPath) throws(BodyError) {
    guard case .complex(let type) = property.type else { return }
    switch value {
    case .complex(let complex): try check(complex, type, path.appending(property.name))
    case .collection(let elements): for element in elements { try check(element, property, path) }
    case .null, .bool, .int, .double, .string, .date, .dateTime, .enumeration: return
    }
  }

  private static func check(_ value: StructuredValue, _ type: StructuredType, _ path: PropertyPath) throws(BodyError) {
    guard value.dynamic.count <= Limits.dynamicMembersMax else { throw .tooManyUndeclared(property: path.text) }
    for property in type.properties { try check(value.members[property.index], property, path) }
  }
}
