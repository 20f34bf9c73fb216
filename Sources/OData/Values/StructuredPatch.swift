/// A request body, read against its type. At every depth it tells an absent member, a null and a value apart (OData
/// 4.01 Part 1 section 11.4.3).
public struct StructuredPatch: Equatable, Sendable {
  /// The change that a body makes to one property.
  public enum Change: Equatable, Sendable {
    /// The body does not hold the property: it keeps its value.
    case absent
    /// The body sets the property to null.
    case null
    /// The body replaces the value.
    case value(Value)
    /// The body holds a complex value, which is merged: members that it does not hold keep their values.
    case merge(StructuredPatch)
  }

  /// One change for each property of the type, at `Property.index`.
  public var members: [Change]
  /// Undeclared members of an open type, as canonical JSON; nil removes the member.
  public var dynamic: [(name: String, json: [UInt8]?)]
  /// The value of `@odata.etag` in the body; nil when there is none.
  public var entityTag: String?
  /// The entity references of each `name@odata.bind` in the body, by the name of the navigation property (OData JSON
  /// 4.01 section 8.5).
  public var bindings: [String: [String]] = [:]

  /// An empty patch of `type`.
  public init(of type: StructuredType) {
    members = Array(repeating: .absent, count: type.properties.count)
    dynamic = []
  }

  /// Whether the body does not hold the property.
  public func isAbsent(_ property: Property) -> Bool { members[property.index] == .absent }

  /// Whether both make the same changes. Strings and names are compared byte by byte.
  public static func == (left: Self, right: Self) -> Bool {
    left.members == right.members && left.entityTag == right.entityTag && left.bindings == right.bindings
      && left.dynamic.elementsEqual(right.dynamic) { $0.name.hasSameBytes(as: $1.name) && $0.json == $1.json }
  }

  /// Applies the patch to a value of `type`, and returns the indices of the properties whose value changed. Undeclared
  /// members of `value` itself are left alone; those of complex values inside it are patched.
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

  /// The value of `property` after `change`; nil when the change is `absent`. Null becomes the property's
  /// `nullMeaning`, or an empty collection where null is not allowed.
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
      // Replace members in place: repeating what is stored must change nothing, not even the order.
      switch (index, json) {
      case (let index?, let json?): value.dynamic[index] = DynamicMember(name: name, json: json)
      case (let index?, nil): value.dynamic.remove(at: index)
      case (nil, let json?): value.dynamic.append(DynamicMember(name: name, json: json))
      case (nil, nil): break
      }
    }
  }
}
