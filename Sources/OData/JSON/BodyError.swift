/// Why a JSON body is not a value of the declared type.
///
/// Names of properties may be shown to the client that sent them; values never are.
public enum BodyError: Error, Equatable, Sendable {
  /// Not JSON at all, with the place of the fault.
  case malformed(JSONError)
  /// The body is JSON, but not an object.
  case notAnObject
  /// The type has no such property. `suggestion` is the name that was sent in snake_case or in another case.
  case unknownProperty(String, type: String, suggestion: String?)
  /// A navigation property was sent inline; its entities are written at their own addresses (OData 4.01 part 1, 11.4.2).
  case inlineNavigation(String)
  /// The value is JSON of another kind than the property's type.
  case wrongKind(property: String, expected: String)
  /// null was sent for a property that is never null.
  case notNullable(property: String)
  /// No member of the enumeration is meant.
  case unknownMember(property: String, type: String)
  /// The value has the right kind and a wrong content; `reason` begins with a verb.
  case invalidValue(property: String, reason: String)
  /// The value is larger than `Limits` allow; `bound` names what and how much.
  case tooLarge(property: String, bound: String)
  /// `@odata.type` names another type than the resource has.
  case contradictingType(expected: String)

  /// An open value would hold more undeclared members than `Limits.dynamicMembersMax`.
  static func tooManyUndeclared(property: String) -> BodyError {
    .tooLarge(property: property, bound: "at most \(Limits.dynamicMembersMax) undeclared members")
  }

  /// The property at fault, as a path with slashes, or nil.
  public var property: String? {
    switch self {
    case .malformed, .notAnObject, .contradictingType: nil
    case .unknownProperty(let name, _, _), .inlineNavigation(let name): name
    case .wrongKind(let property, _), .notNullable(let property), .unknownMember(let property, _),
      .invalidValue(let property, _), .tooLarge(let property, _):
      property
    }
  }

  /// A sentence for people: what was wrong and what to send instead.
  public var message: String {
    switch self {
    case .malformed(let error):
      "The request body is not valid JSON: \(error.reason), at byte \(error.offset). Send one JSON object (RFC 8259)."
    case .notAnObject:
      "The request body must be one JSON object that holds the properties to set."
    case .unknownProperty(let name, let type, nil):
      "The property '\(name)' does not exist on type '\(type)'. Remove it or correct its name."
    case .unknownProperty(let name, let type, let suggestion?):
      "The property '\(name)' does not exist on type '\(type)'. '\(suggestion)' is meant: "
        + (name.utf8.contains(UInt8(ascii: "_"))
          ? "the official Python SDK writes the Python name when a property is set to None. Send '\(suggestion)' "
            + "through additional_data"
          : "names in a body are compared with their case, and serializers of .NET write them in PascalCase unless they "
            + "are told otherwise. Send '\(suggestion)'")
        + ", or start the server with --lenient-names."
    case .inlineNavigation(let name):
      "'\(name)' cannot be written inline. Write its entities at their own addresses, .../\(name) and .../\(name)/{id}."
    case .wrongKind(let property, let expected): "The value of '\(property)' must be \(expected)."
    case .notNullable(let property): "The property '\(property)' cannot be null. Leave it out to keep its value."
    case .unknownMember(let property, let type):
      "The value of '\(property)' is not a member of '\(type)'. Send one of its names."
    case .invalidValue(let property, let reason): "The value of '\(property)' \(reason)."
    case .tooLarge(let property, let bound): "The value of '\(property)' is too large: \(bound)."
    case .contradictingType(let expected):
      "The '@odata.type' in the body contradicts the resource, which is '#\(expected)'. Leave it out or send that type."
    }
  }
}
