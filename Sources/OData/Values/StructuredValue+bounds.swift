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
