/// Why a request body is not a value of the declared type.
///
/// Messages may name properties, which the client sent itself; they never hold values.
public enum BodyError: Error, Equatable, Sendable {
  /// The body is not JSON (RFC 8259); the error says what is wrong, and where.
  case malformed(JSONError)
  /// The body is JSON other than an object.
  case notAnObject
  /// The type has no property with this name. `suggestion` is the property that is meant when the name was sent in
  /// snake_case or in another case.
  case unknownProperty(String, type: String, suggestion: String?)
  /// The body holds a navigation property inline. Its entities are written at their own URLs, since deep insert (OData
  /// 4.01 Part 1 section 11.4.2.2) is not supported.
  case inlineNavigation(String)
  /// The value is another kind of JSON than the property takes; `expected` names what it takes.
  case wrongKind(property: String, expected: String)
  /// The value is null, and the property is not nullable.
  case notNullable(property: String)
  /// The value is not a member of the enumeration `type`.
  case unknownMember(property: String, type: String)
  /// The value is of the right kind, with a wrong content. `reason` begins with a verb.
  case invalidValue(property: String, reason: String)
  /// Clients cannot set the property. `reason` follows its name.
  case refused(property: String, reason: String)
  /// The value exceeds a bound of `Limits`; `bound` names the bound.
  case tooLarge(property: String, bound: String)
  /// `@odata.type` names another type than that of the resource, which is `expected` (qualified).
  case contradictingType(expected: String)

  /// The error for an open value with more than `Limits.dynamicMembersMax` undeclared members.
  static func tooManyUndeclared(property: String) -> BodyError {
    .tooLarge(property: property, bound: "at most \(Limits.dynamicMembersMax) undeclared members")
  }

  /// The path of the property at fault, with slashes; nil when the body as a whole is at fault.
  public var property: String? {
    switch self {
    case .malformed, .notAnObject, .contradictingType: nil
    case .unknownProperty(let name, _, _), .inlineNavigation(let name): name
    case .wrongKind(let property, _), .notNullable(let property), .unknownMember(let property, _),
      .invalidValue(let property, _), .refused(let property, _), .tooLarge(let property, _):
      property
    }
  }

  /// The message for the client: what is wrong, and what to send instead.
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
    case .refused(let property, let reason): "The property '\(property)' \(reason)."
    case .tooLarge(let property, let bound): "The value of '\(property)' is too large: \(bound)."
    case .contradictingType(let expected):
      "The '@odata.type' in the body contradicts the resource, which is '#\(expected)'. Leave it out or send that type."
    }
  }
}
