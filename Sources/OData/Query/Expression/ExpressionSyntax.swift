/// An expression that is parsed but not checked against a type (OData URL Conventions 4.01 section 5.1.1).
public struct ExpressionSyntax: Equatable, Sendable {
  /// The kind of a node, with its operands.
  public indirect enum Kind: Equatable, Sendable {
    /// A literal.
    case literal(ExpressionLiteral)
    /// `(a,b)` after `in`, or `["a","b"]`.
    case list([ExpressionSyntax])
    /// A parameter alias, without its `@` (OData URL Conventions 4.01 section 5.3).
    case alias(String)
    /// The segments of a path, which may be `$it` and type casts (OData URL Conventions 4.01 section 5.1.1.15).
    case path([String])
    /// `path/$count`.
    case count([String])
    /// A function call: the name in lower case, and the arguments.
    case call(String, [ExpressionSyntax])
    /// `path/any(variable:body)` or `path/all(variable:body)`; `any()` has neither variable nor body.
    case lambda(LambdaQuantifier, [String], variable: String?, body: ExpressionSyntax?)
    /// An operator with one operand.
    case unary(UnaryOperator, ExpressionSyntax)
    /// An operator with two operands.
    case binary(BinaryOperator, ExpressionSyntax, ExpressionSyntax)
    /// Two or more operands of `and` or `or`, kept flat so that long chains are not deep.
    case logical(LogicalOperator, [ExpressionSyntax])
  }

  /// The kind of this node, with its operands.
  public let kind: Kind
  /// The offset of the node, in bytes of the decoded value.
  public let position: Int
}

/// A literal (OData ABNF `primitiveLiteral`).
public enum ExpressionLiteral: Equatable, Sendable {
  /// `null`.
  case null
  /// Edm.Boolean.
  case bool(Bool)
  /// An integer that fits 64 bits.
  case int(Int64)
  /// Edm.Double or Edm.Decimal, and integers that do not fit 64 bits.
  case double(Double)
  /// Edm.String.
  case string(String)
  /// Edm.Date.
  case date(CalendarDate)
  /// Edm.TimeOfDay.
  case timeOfDay(TimeOfDay)
  /// Edm.DateTimeOffset; `isUTC` is false when it is written with another offset.
  case dateTime(DateTimeOffset, isUTC: Bool)
  /// Edm.Duration.
  case duration(Duration100ns)
  /// Edm.Guid, in lower case.
  case guid(String)
  /// A member of an enumeration, written `type'member'` with the qualified name of the type.
  case enumeration(type: String, String)
}

/// A lambda operator (OData URL Conventions 4.01 section 5.1.1.13).
public enum LambdaQuantifier: String, Sendable {
  /// At least one element satisfies the condition.
  case any
  /// Every element satisfies the condition.
  case all
}

/// A prefix operator.
public enum UnaryOperator: String, Sendable {
  /// Logical negation (OData URL Conventions 4.01 section 5.1.1.1.9).
  case not
  /// Arithmetic negation (OData URL Conventions 4.01 section 5.1.1.2).
  case negate = "-"
}

/// A logical operator with any number of operands (OData URL Conventions 4.01 sections 5.1.1.1.7 and 5.1.1.1.8).
public enum LogicalOperator: String, Sendable {
  /// Every operand is true.
  case and
  /// At least one operand is true.
  case or
}

/// An infix operator, by its name (OData URL Conventions 4.01 sections 5.1.1.1 and 5.1.1.2).
public enum BinaryOperator: String, Sendable {
  case has, `in`
  case mul, div, divby, mod
  case add, sub
  case gt, ge, lt, le
  case eq, ne

  /// The precedence; a higher one binds more tightly (OData URL Conventions 4.01 section 5.1.1.17). `or` has 1, `and`
  /// has 2.
  var precedence: Int {
    switch self {
    case .has, .in: 8
    case .mul, .div, .divby, .mod: 6
    case .add, .sub: 5
    case .gt, .ge, .lt, .le: 4
    case .eq, .ne: 3
    }
  }
}
