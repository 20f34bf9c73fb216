/// The type of an expression, as far as checking needs it.
indirect enum ExpressionType {
  /// The literal null, and aliases without a value.
  case null
  /// A member that an open type does not declare: any primitive type.
  case untyped
  case boolean
  case integer
  case double
  case string
  case date
  case timeOfDay
  case dateTime
  case duration
  case guid
  case enumeration(EnumType)
  case complex(StructuredType)
  case collection(ExpressionType)

  init(_ property: Property) {
    let element = ExpressionType(property.type)
    self = property.isCollection ? .collection(element) : element
  }

  private init(_ type: Property.ValueType) {
    switch type {
    case .primitive(.boolean): self = .boolean
    case .primitive(.int32), .primitive(.int64): self = .integer
    case .primitive(.double): self = .double
    case .primitive(.string): self = .string
    case .primitive(.date): self = .date
    case .primitive(.dateTimeOffset): self = .dateTime
    case .enumeration(let type): self = .enumeration(type)
    case .complex(let type): self = .complex(type)
    }
  }

  init(_ literal: ExpressionLiteral) {
    switch literal {
    case .null: self = .null
    case .bool: self = .boolean
    case .int: self = .integer
    case .double: self = .double
    case .string, .enumeration: self = .string
    case .date: self = .date
    case .timeOfDay: self = .timeOfDay
    case .dateTime: self = .dateTime
    case .duration: self = .duration
    case .guid: self = .guid
    }
  }

  /// A word for messages.
  var name: String {
    switch self {
    case .null: "null"
    case .untyped: "an untyped value"
    case .boolean: "Edm.Boolean"
    case .integer: "an integer"
    case .double: "Edm.Double"
    case .string: "Edm.String"
    case .date: "Edm.Date"
    case .timeOfDay: "Edm.TimeOfDay"
    case .dateTime: "Edm.DateTimeOffset"
    case .duration: "Edm.Duration"
    case .guid: "Edm.Guid"
    case .enumeration(let type): type.qualifiedName
    case .complex(let type): type.qualifiedName
    case .collection(let element): "a collection of \(element.name)"
    }
  }

  /// What can stand where a number is computed.
  var isNumeric: Bool {
    switch self {
    case .integer, .double, .null, .untyped: true
    case .boolean, .string, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex, .collection: false
    }
  }

  /// What can stand where a text is needed.
  var isString: Bool {
    switch self {
    case .string, .null, .untyped: true
    case .boolean, .integer, .double, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex,
      .collection:
      false
    }
  }

  /// Whether values may be texts or collections of texts.
  var holdsTexts: Bool {
    switch self {
    case .string, .untyped: true
    case .collection(let element): element.holdsTexts
    case .null, .boolean, .integer, .double, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex:
      false
    }
  }

  /// What can stand where a condition is needed.
  var isBoolean: Bool {
    switch self {
    case .boolean, .null, .untyped: true
    case .integer, .double, .string, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex,
      .collection:
      false
    }
  }

  /// Whether values have an order (OData URL Conventions 4.01 section 5.1.1.1.3).
  var isOrdered: Bool {
    switch self {
    case .complex, .collection: false
    case .null, .untyped, .boolean, .integer, .double, .string, .date, .timeOfDay, .dateTime, .duration, .guid,
      .enumeration:
      true
    }
  }

  /// Whether values of both can be compared with each other.
  func isComparable(with other: ExpressionType) -> Bool {
    switch (self, other) {
    case (.null, _), (_, .null): true
    case (.collection(let a), .collection(let b)): a.isComparable(with: b)
    case (.complex(let a), .complex(let b)): a === b
    case (.complex, _), (_, .complex), (.collection, _), (_, .collection): false
    case (.untyped, _), (_, .untyped): true
    case (.integer, .integer), (.integer, .double), (.double, .integer), (.double, .double): true
    case (.date, .date), (.date, .dateTime), (.dateTime, .date), (.dateTime, .dateTime): true
    case (.boolean, .boolean), (.string, .string), (.timeOfDay, .timeOfDay), (.duration, .duration), (.guid, .guid):
      true
    case (.enumeration(let a), .enumeration(let b)): a === b
    case (.boolean, _), (.integer, _), (.double, _), (.string, _), (.date, _), (.timeOfDay, _), (.dateTime, _),
      (.duration, _), (.guid, _), (.enumeration, _):
      false
    }
  }
}
