/// The value of an entity or of a complex property.
public struct StructuredValue: Equatable, Sendable {
  /// One value for each property of the type, at `Property.index`.
  public var members: [Value]
  /// Undeclared members of an open type, in the order in which they came.
  public var dynamic: [DynamicMember]

  /// A value of `type` with no property set.
  public init(of type: StructuredType) {
    members = type.unset
    dynamic = []
  }

  /// The value that a patch of `type` makes of an unset one, without the patch's undeclared members.
  public init(_ patch: StructuredPatch, of type: StructuredType) {
    let unset = type.unset
    // Each value is made once: changing a copy of the unset ones would cost more than the values themselves.
    members = unset.indices.map { index in
      // Most properties of a large type are absent.
      if case .absent = patch.members[index] { return unset[index] }
      return StructuredPatch.result(of: patch.members[index], on: .null, type.properties[index]) ?? unset[index]
    }
    dynamic = []
  }

  /// The value of a property that was never set.
  static func unset(_ property: Property) -> Value { property.defaultsToEmpty ? .collection([]) : .null }
}

/// An undeclared member of an open type (OData CSDL 4.01 sections 6.3 and 9.3).
public struct DynamicMember: Equatable, Sendable {
  /// The name, byte for byte as it was sent.
  public let name: String
  /// The value as JSON without white space.
  public let json: [UInt8]

  /// A member whose value is the given JSON, without white space.
  public init(name: String, json: [UInt8]) {
    self.name = name
    self.json = json
  }

  /// Whether name and value are equal byte by byte.
  public static func == (left: Self, right: Self) -> Bool {
    left.name.hasSameBytes(as: right.name) && left.json == right.json
  }
}

extension StructuredValue {
  /// Checks the number of undeclared members in the open values of the properties at `positions`. Each body is bounded
  /// as it is read; what several bodies leave behind together has to be bounded again.
  ///
  /// - Throws: `BodyError.tooLarge` when an open value holds more than `Limits.dynamicMembersMax` undeclared members.
  public func checkUndeclaredMembers(at positions: [Int], of type: StructuredType) throws(BodyError) {
    for position in positions { try Self.checkUndeclaredMembers(of: members[position], type.properties[position]) }
  }

  /// Checks the number of undeclared members in the open values of one property, as the check of several does.
  static func checkUndeclaredMembers(of value: Value, _ property: Property) throws(BodyError) {
    try check(value, property, PropertyPath())
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
