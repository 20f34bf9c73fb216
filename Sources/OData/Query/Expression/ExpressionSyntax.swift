/// An expression as it is written (OData URL Conventions 4.01 section 5.1.1), before its names mean anything.
public struct ExpressionSyntax: Equatable, Sendable {
  /// What stands at one place.
  public indirect enum Kind: Equatable, Sendable {
    case literal(ExpressionLiteral)
    /// `(a,b)` behind `in`, or `["a","b"]`.
    case list([ExpressionSyntax])
    /// A parameter alias, without its `@`.
    case alias(String)
    /// Segments of a path, among them `$it` and type casts.
    case path([String])
    /// `path/$count`.
    case count([String])
    /// A function by its name in lower case, with its arguments.
    case call(String, [ExpressionSyntax])
    /// `path/any(variable:body)`; `any()` has neither variable nor body.
    case lambda(LambdaQuantifier, [String], variable: String?, body: ExpressionSyntax?)
    case unary(UnaryOperator, ExpressionSyntax)
    case binary(BinaryOperator, ExpressionSyntax, ExpressionSyntax)
    /// Two or more operands of `and` or `or`, kept flat so that long rows of them are not deep.
    case logical(LogicalOperator, [ExpressionSyntax])
  }

  public let kind: Kind
  /// Bytes before it in the decoded text.
  public let position: Int
}

/// A literal (OData ABNF `primitiveLiteral`).
public enum ExpressionLiteral: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Edm.Double and Edm.Decimal alike.
  case double(Double)
  case string(String)
  case date(CalendarDate)
  case timeOfDay(TimeOfDay)
  /// `isUTC` is false when it was written with another offset.
  case dateTime(DateTimeOffset, isUTC: Bool)
  case duration(Duration100ns)
  case guid(String)
  /// `type'member'`, with the qualified name of the type.
  case enumeration(type: String, String)
}

/// Whether one or every element must satisfy a condition.
public enum LambdaQuantifier: String, Sendable {
  case any
  case all
}

/// An operator before its operand.
public enum UnaryOperator: String, Sendable {
  case not
  case negate = "-"
}

/// `and` and `or`.
public enum LogicalOperator: String, Sendable {
  case and
  case or
}

/// An operator between two operands.
public enum BinaryOperator: String, Sendable {
  case has, `in`
  case mul, div, divby, mod
  case add, sub
  case gt, ge, lt, le
  case eq, ne

  /// How tightly it binds (OData URL Conventions 4.01 section 5.1.1.17); `or` is 1, `and` is 2.
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
