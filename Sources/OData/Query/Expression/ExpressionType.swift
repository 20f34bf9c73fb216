/// The static type of an expression, as far as checking needs it.
indirect enum ExpressionType {
  /// The type of the literal `null`, and of an alias without a value.
  case null
  /// The type of an undeclared member of an open type: any primitive type.
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

  /// The name of the type in messages.
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

  /// Whether a value of this type may be used as a number.
  var isNumeric: Bool {
    switch self {
    case .integer, .double, .null, .untyped: true
    case .boolean, .string, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex, .collection: false
    }
  }

  /// Whether a value of this type may be used as a string.
  var isString: Bool {
    switch self {
    case .string, .null, .untyped: true
    case .boolean, .integer, .double, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex,
      .collection:
      false
    }
  }

  /// Whether values of this type may be strings or hold strings.
  var holdsTexts: Bool {
    switch self {
    case .string, .untyped: true
    case .collection(let element): element.holdsTexts
    case .null, .boolean, .integer, .double, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex:
      false
    }
  }

  /// Whether a value of this type may be used as a condition.
  var isBoolean: Bool {
    switch self {
    case .boolean, .null, .untyped: true
    case .integer, .double, .string, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex,
      .collection:
      false
    }
  }

  /// Whether values of this type have an order (OData URL Conventions 4.01 section 5.1.1.1.3).
  var isOrdered: Bool {
    switch self {
    case .complex, .collection: false
    case .null, .untyped, .boolean, .integer, .double, .string, .date, .timeOfDay, .dateTime, .duration, .guid,
      .enumeration:
      true
    }
  }

  /// Whether values of the two types can be compared with each other.
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

  /// The type of an arithmetic expression with operands of these types; nil when the operator does not take them (OData
  /// URL Conventions 4.01 sections 5.1.1.2 and 5.1.1.18).
  static func ofArithmetic(
    _ word: BinaryOperator, _ left: ExpressionType, _ right: ExpressionType
  ) -> ExpressionType? {
    let isSum = word == .add || word == .sub
    switch (left, right) {
    case (.integer, .integer): return word == .divby ? .double : .integer
    case (.dateTime, .duration) where isSum: return .dateTime
    case (.date, .duration) where isSum: return .date
    case (.dateTime, .dateTime) where word == .sub: return .duration
    case (.date, .date) where word == .sub: return .duration
    case (.duration, .duration) where isSum: return .duration
    case (.duration, .integer), (.duration, .double): return isSum || word == .mod ? nil : .duration
    case (.integer, .duration), (.double, .duration): return word == .mul ? .duration : nil
    case (.null, .dateTime), (.dateTime, .null), (.null, .date), (.date, .null): return isSum ? .null : nil
    case (.null, .duration), (.duration, .null): return .null
    case (.null, _), (.untyped, _), (.boolean, _), (.integer, _), (.double, _), (.string, _), (.date, _),
      (.timeOfDay, _), (.dateTime, _), (.duration, _), (.guid, _), (.enumeration, _), (.complex, _), (.collection, _):
      return left.isNumeric && right.isNumeric ? .double : nil
    }
  }
}
