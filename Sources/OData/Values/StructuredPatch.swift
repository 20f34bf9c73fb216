/// What a body asks to be set: *absent*, *null* and *a value* differ at every depth (OData 4.01 part 1, 11.4.3).
public struct StructuredPatch: Equatable, Sendable {
  /// What is asked of one property.
  public enum Change: Equatable, Sendable {
    case absent
    case null
    case value(Value)
    /// A complex value whose absent members stay as they are.
    case merge(StructuredPatch)
  }

  /// One change for each property of the type, by `Property.index`.
  public var members: [Change]
  /// Members of an open type that are not declared; nil removes one.
  public var dynamic: [(name: String, json: [UInt8]?)]
  /// The entity tag that the body carried in `@odata.etag`.
  public var entityTag: String?
  /// The addresses of entities that `name@odata.bind` asks to be related, by the name of the navigation property
  /// (OData JSON 4.01 section 8.5).
  public var bindings: [String: [String]] = [:]

  /// A patch of `type` that asks for nothing.
  public init(of type: StructuredType) {
    members = Array(repeating: .absent, count: type.properties.count)
    dynamic = []
  }

  /// Whether nothing is asked of the property.
  public func isAbsent(_ property: Property) -> Bool { members[property.index] == .absent }

  public static func == (left: Self, right: Self) -> Bool {
    left.members == right.members && left.entityTag == right.entityTag && left.bindings == right.bindings
      && left.dynamic.elementsEqual(right.dynamic) { $0.name.hasSameBytes(as: $1.name) && $0.json == $1.json }
  }

  /// Applies the patch to a value of `type` and returns the positions of the properties that changed.
  public func apply(to value: inout StructuredValue, of type: StructuredType) -> [Int] {
    var changed: [Int] = []
    for property in type.properties {
      if case .absent = members[property.index] { continue }
      let new = Self.result(of: members[property.index], on: value.members[property.index], property)
      guard let new, new != value.members[property.index] else { continue }
      value.members[property.index] = new
      changed.append(property.index)
    }
    return changed
  }

  /// The value after `change`, or nil when the change asks for nothing.
  public static func result(of change: Change, on old: Value, _ property: Property) -> Value? {
    switch change {
    case .absent: return nil
    case .null: return property.nullMeaning ?? (property.defaultsToEmpty ? .collection([]) : .null)
    case .value(let value): return value
    case .merge(let patch):
      guard case .complex(let type) = property.type else { return nil }
      var merged: StructuredValue
      if case .complex(let existing) = old {
        merged = existing
        _ = patch.apply(to: &merged, of: type)
      } else {
        merged = StructuredValue(patch, of: type)
      }
      patch.applyDynamic(to: &merged)
      return .complex(merged)
    }
  }

  private func applyDynamic(to value: inout StructuredValue) {
    for (name, json) in dynamic {
      let index = value.dynamic.firstIndex { $0.name.hasSameBytes(as: name) }
      // In its place, so that repeating what is stored changes nothing, not even the order.
      switch (index, json) {
      case (let index?, let json?): value.dynamic[index] = DynamicMember(name: name, json: json)
      case (let index?, nil): value.dynamic.remove(at: index)
      case (nil, let json?): value.dynamic.append(DynamicMember(name: name, json: json))
      case (nil, nil): break
      }
    }
  }
}
