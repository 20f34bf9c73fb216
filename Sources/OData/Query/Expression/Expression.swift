/// An expression that was checked against a type (OData URL Conventions 4.01 section 5.1.1): every name is a property
/// of the type, and every operand is of a type that its operator takes. Evaluation takes time linear in the nodes and
/// in the strings that they look at.
public indirect enum Expression: Sendable {
  /// A constant.
  case literal(ExpressionValue)
  /// A list of expressions, as the right operand of `in`.
  case list([Expression])
  /// A variable by its depth: 0 is the entity, n is the element that the n-th enclosing lambda looks at, counted from
  /// outside.
  case variable(Int)
  /// A property of the entity or of a complex value, by its index.
  case member(Expression, Int)
  /// An undeclared member of an open type, by its name.
  case dynamicMember(Expression, String)
  /// The number of elements of a collection (`/$count`).
  case count(Expression)
  /// A value whose strings are compared in their folded form (`String.folded`).
  case folded(Expression)
  /// Logical negation.
  case not(Expression)
  /// Arithmetic negation.
  case negate(Expression)
  /// Operands joined by `and` or by `or`.
  case logical(LogicalOperator, [Expression])
  /// `eq`, `ne`, `gt`, `ge`, `lt` or `le`.
  case comparison(BinaryOperator, Expression, Expression)
  /// `add`, `sub`, `mul`, `div`, `divby` or `mod`.
  case arithmetic(BinaryOperator, Expression, Expression)
  /// `in`: whether the first operand is an element of the second.
  case contained(Expression, in: Expression)
  /// `has`: whether the first operand has all flags of the second.
  case hasFlags(Expression, Expression)
  /// A canonical function with its arguments.
  case call(ExpressionFunction, [Expression])
  /// `matchesPattern` with a literal pattern, compiled once.
  case matches(Expression, TextPattern)
  /// `any` or `all` over a collection, with the condition on each element; nil for `any()`.
  case lambda(LambdaQuantifier, Expression, Expression?)
}

/// The context in which an expression is evaluated for one entity.
public struct ExpressionScope {
  /// The entity, then the current element of each enclosing lambda.
  var variables: [ExpressionValue]
  /// The time of the request, which `now()` returns.
  let now: DateTimeOffset
  /// The work done so far, in bytes of text or their equivalent, bounded by `Limits.expressionWorkMax`.
  private var work = 0

  /// Adds to the work done, in bytes or their equivalent.
  ///
  /// - Throws: `EvaluationError.tooCostly` beyond `Limits.expressionWorkMax`.
  mutating func spend(_ amount: Int) throws(EvaluationError) {
    work += amount
    guard work <= Limits.expressionWorkMax else { throw .tooCostly }
  }

  // The costs of a node, of an element of a collection and of a step of a pattern, as the number of bytes of text that
  // take about as long.
  static let nodeCost = 16
  static let elementCost = 8
  static let stepCost = 8
  /// The cost of folding one byte of a string that is not ASCII.
  static let foldingCost = 16

  /// The cost of a call: the extent of its arguments; of two collections also each element of one with each of the
  /// other.
  static func cost(of arguments: [ExpressionValue]) -> Int {
    let sum = arguments.reduce(0) { $0 + $1.extent }
    guard arguments.count > 1, case .collection(let one) = arguments[0], case .collection(let other) = arguments[1]
    else { return sum }
    return sum + (one.count + 1) * (other.count + 1) * elementCost
  }

  /// The context for one entity at the time `now`.
  public init(_ entity: StructuredValue, now: DateTimeOffset) {
    variables = [.complex(entity)]
    self.now = now
  }
}

extension Expression {
  /// Whether the entity satisfies the condition. False and null both mean that it does not (OData 4.01 Part 1 section
  /// 11.2.6.1).
  ///
  /// - Throws: `EvaluationError` when the expression has no value for this entity.
  public func isSatisfied(by entity: StructuredValue, now: DateTimeOffset) throws(EvaluationError) -> Bool {
    var scope = ExpressionScope(entity, now: now)
    if case .bool(true) = try value(in: &scope) { return true }
    return false
  }

  /// The value for the entity of `scope`.
  ///
  /// - Throws: `EvaluationError` when the expression has no value for this entity.
  public func value(in scope: inout ExpressionScope) throws(EvaluationError) -> ExpressionValue {
    // Nested lambdas may evaluate a node very often.
    try scope.spend(ExpressionScope.nodeCost)
    switch self {
    case .literal(let value): return value
    case .variable(let depth): return scope.variables[depth]
    case .member(let owner, let index):
      guard case .complex(let value) = try owner.value(in: &scope) else { return .null }
      let member = ExpressionValue(value.members[index])
      if case .collection(let elements) = member { try scope.spend(elements.count * ExpressionScope.elementCost) }
      return member
    case .dynamicMember(let owner, let name):
      guard case .complex(let value) = try owner.value(in: &scope) else { return .null }
      return value.dynamicValue(name)
    case .list(let elements):
      var values: [ExpressionValue] = []
      for element in elements { values.append(try element.value(in: &scope)) }
      return .collection(values)
    case .count(let collection):
      // A collection that was never set has no elements, here as in lambdas.
      guard case .collection(let elements) = try collection.value(in: &scope) else { return .int(0) }
      return .int(Int64(elements.count))
    case .folded(let operand): return try Self.folded(try operand.value(in: &scope), &scope)
    case .not(let operand):
      guard case .bool(let value) = try operand.value(in: &scope) else { return .null }
      return .bool(!value)
    case .negate(let operand): return try ExpressionArithmetic.negated(operand.value(in: &scope))
    case .logical(let word, let operands): return try Self.logical(word, operands, &scope)
    case .comparison(let word, let left, let right):
      let (left, right) = (try left.value(in: &scope), try right.value(in: &scope))
      if case .collection(let elements) = left { try scope.spend(elements.count * ExpressionScope.elementCost) }
      return .bool(Self.holds(word, left, right))
    case .arithmetic(let word, let left, let right):
      return try ExpressionArithmetic.result(of: word, try left.value(in: &scope), try right.value(in: &scope))
    case .contained(let element, let list): return try Self.contains(list, element, &scope)
    case .hasFlags(let value, let flags):
      guard case .enumeration(let value) = try value.value(in: &scope),
        case .enumeration(let flags) = try flags.value(in: &scope)
      else { return .null }
      return .bool(value & flags == flags)
    case .call(let function, let arguments):
      var values: [ExpressionValue] = []
      for argument in arguments { values.append(try argument.value(in: &scope)) }
      try scope.spend(ExpressionScope.cost(of: values))
      return try function.result(of: values, now: scope.now)
    case .matches(let text, let pattern):
      guard case .string(let text) = try text.value(in: &scope) else { return .null }
      try scope.spend(text.utf8.count * pattern.stepCount * ExpressionScope.stepCost)
      return .bool(pattern.matches(text))
    case .lambda(let quantifier, let collection, let body):
      return try Self.lambda(quantifier, collection, body, &scope)
    }
  }

  private static func folded(
    _ value: ExpressionValue, _ scope: inout ExpressionScope
  ) throws(EvaluationError) -> ExpressionValue {
    switch value {
    case .string(let text):
      try scope.spend(text.utf8.count * (text.isASCII ? 1 : ExpressionScope.foldingCost))
      return .string(text.folded)
    case .collection(let elements):
      var folded: [ExpressionValue] = []
      folded.reserveCapacity(elements.count)
      for element in elements { folded.append(try Self.folded(element, &scope)) }
      return .collection(folded)
    case .null, .bool, .int, .double, .date, .timeOfDay, .dateTime, .duration, .enumeration, .complex: return value
    }
  }

  /// Three-valued logic: the result is null unless another operand decides it (OData URL Conventions 4.01 sections
  /// 5.1.1.1.7 and 5.1.1.1.8).
  private static func logical(
    _ word: LogicalOperator, _ operands: [Expression], _ scope: inout ExpressionScope
  ) throws(EvaluationError) -> ExpressionValue {
    let settling = word == .or
    var isUnknown = false
    for operand in operands {
      switch try operand.value(in: &scope) {
      case .bool(settling): return .bool(settling)
      case .bool: break
      case .null, .int, .double, .string, .date, .timeOfDay, .dateTime, .duration, .enumeration, .complex, .collection:
        isUnknown = true
      }
    }
    return isUnknown ? .null : .bool(!settling)
  }

  /// Comparisons are two-valued: one that orders a null is false (OData URL Conventions 4.01 sections 5.1.1.1.1 to
  /// 5.1.1.1.6).
  private static func holds(_ word: BinaryOperator, _ left: ExpressionValue, _ right: ExpressionValue) -> Bool {
    switch word {
    case .eq: return left.equals(right)
    case .ne: return !left.equals(right)
    case .gt: return left.compare(right).map { $0 > 0 } ?? false
    case .ge: return left.compare(right).map { $0 >= 0 } ?? false
    case .lt: return left.compare(right).map { $0 < 0 } ?? false
    case .le: return left.compare(right).map { $0 <= 0 } ?? false
    case .has, .in, .mul, .div, .divby, .mod, .add, .sub: return false
    }
  }

  private static func contains(
    _ list: Expression, _ element: Expression, _ scope: inout ExpressionScope
  ) throws(EvaluationError) -> ExpressionValue {
    let element = try element.value(in: &scope)
    guard case .list(let candidates) = list else {
      guard case .collection(let elements) = try list.value(in: &scope) else { return .null }
      try scope.spend(elements.count * ExpressionScope.elementCost)
      return .bool(elements.contains { $0.equals(element) })
    }
    for candidate in candidates where try candidate.value(in: &scope).equals(element) { return .bool(true) }
    return .bool(false)
  }

  private static func lambda(
    _ quantifier: LambdaQuantifier, _ collection: Expression, _ body: Expression?, _ scope: inout ExpressionScope
  ) throws(EvaluationError) -> ExpressionValue {
    guard case .collection(let elements) = try collection.value(in: &scope) else {
      // A collection that was never set has no elements.
      return .bool(quantifier == .all)
    }
    guard let body else { return .bool(!elements.isEmpty) }
    let settling = quantifier == .any
    var isUnknown = false
    for element in elements {
      scope.variables.append(element)
      let value = try body.value(in: &scope)
      scope.variables.removeLast()
      switch value {
      case .bool(settling): return .bool(settling)
      case .bool: break
      case .null, .int, .double, .string, .date, .timeOfDay, .dateTime, .duration, .enumeration, .complex, .collection:
        isUnknown = true
      }
    }
    return isUnknown ? .null : .bool(!settling)
  }
}

extension Expression {
  /// Whether it is a call or an operator of literals alone.
  var isConstant: Bool {
    switch self {
    case .call(_, let arguments): arguments.allSatisfy(\.isLiteral)
    case .arithmetic(_, let left, let right): left.isLiteral && right.isLiteral
    case .negate(let operand): operand.isLiteral
    case .literal, .list, .variable, .member, .dynamicMember, .count, .folded, .not, .logical, .comparison, .contained,
      .hasFlags, .matches, .lambda:
      false
    }
  }

  private var isLiteral: Bool { if case .literal = self { true } else { false } }
}

extension StructuredValue {
  /// The value of an undeclared member; null when there is none, or when it is an object or an array.
  fileprivate func dynamicValue(_ name: String) -> ExpressionValue {
    guard let member = dynamic.first(where: { $0.name.hasSameBytes(as: name) }) else { return .null }
    return member.json.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      switch try? reader.peek() {
      case .string: return (try? reader.readString().string).map { .string($0) } ?? .null
      case .boolean: return (try? reader.readBool()).map { .bool($0) } ?? .null
      case .number:
        guard let number = try? reader.readNumber() else { return .null }
        return number.int64.map { .int($0) } ?? number.double.map { .double($0) } ?? .null
      case .object, .array, .null, nil: return .null
      }
    }
  }
}

/// The arithmetic operators (OData URL Conventions 4.01 section 5.1.1.2). Null in gives null out; overflow is an error.
enum ExpressionArithmetic {
  /// The negated value; null for anything but a number or a duration.
  ///
  /// - Throws: `EvaluationError.overflow` when the result does not fit.
  static func negated(_ value: ExpressionValue) throws(EvaluationError) -> ExpressionValue {
    switch value {
    case .int(let value):
      let (result, overflow) = Int64(0).subtractingReportingOverflow(value)
      guard !overflow else { throw .overflow }
      return .int(result)
    case .double(let value): return .double(-value)
    case .duration(let value): return .duration(Duration100ns(ticks: try difference(0, value.ticks)))
    case .null, .bool, .string, .date, .timeOfDay, .dateTime, .enumeration, .complex, .collection: return .null
    }
  }

  /// The value of an operator for two operands; null when it does not take them.
  ///
  /// - Throws: `EvaluationError` when the result does not fit, or an integer is divided by zero.
  static func result(
    of word: BinaryOperator, _ left: ExpressionValue, _ right: ExpressionValue
  ) throws(EvaluationError) -> ExpressionValue {
    switch (left, right) {
    case (.int(let a), .int(let b)): return try integers(word, a, b)
    case (.int(let a), .double(let b)): return doubles(word, Double(a), b)
    case (.double(let a), .int(let b)): return doubles(word, a, Double(b))
    case (.double(let a), .double(let b)): return doubles(word, a, b)
    case (.dateTime(let a), .duration(let b)): return try moved(a, by: b, word)
    case (.date(let a), .duration(let b)): return try moved(a, by: b, word)
    case (.dateTime(let a), .dateTime(let b)): return .duration(Duration100ns(ticks: a.ticks - b.ticks))
    case (.date(let a), .date(let b)):
      return .duration(Duration100ns(ticks: Int64(a.dayNumber - b.dayNumber) * ticksPerDay))
    case (.duration(let a), .duration(let b)):
      return .duration(
        Duration100ns(ticks: word == .add ? try sum(a.ticks, b.ticks) : try difference(a.ticks, b.ticks)))
    case (.duration(let a), .int(let b)): return try scaled(a, Double(b), word)
    case (.duration(let a), .double(let b)): return try scaled(a, b, word)
    case (.int(let a), .duration(let b)): return try scaled(b, Double(a), word)
    case (.double(let a), .duration(let b)): return try scaled(b, a, word)
    case (.null, _), (.bool, _), (.int, _), (.double, _), (.string, _), (.date, _), (.timeOfDay, _), (.dateTime, _),
      (.duration, _), (.enumeration, _), (.complex, _), (.collection, _):
      return .null
    }
  }

  private static func integers(
    _ word: BinaryOperator, _ a: Int64, _ b: Int64
  ) throws(EvaluationError) -> ExpressionValue {
    let (result, overflow): (Int64, Bool)
    switch word {
    case .add: (result, overflow) = a.addingReportingOverflow(b)
    case .sub: (result, overflow) = a.subtractingReportingOverflow(b)
    case .mul: (result, overflow) = a.multipliedReportingOverflow(by: b)
    case .divby: return .double(Double(a) / Double(b))
    case .div:
      guard b != 0 else { throw .divisionByZero }
      (result, overflow) = a.dividedReportingOverflow(by: b)
    case .mod:
      guard b != 0 else { throw .divisionByZero }
      // The remainder by -1 is 0, although the quotient may overflow.
      (result, overflow) = b == -1 ? (0, false) : a.remainderReportingOverflow(dividingBy: b)
    case .has, .in, .gt, .ge, .lt, .le, .eq, .ne: return .null
    }
    guard !overflow else { throw .overflow }
    return .int(result)
  }

  private static func doubles(_ word: BinaryOperator, _ a: Double, _ b: Double) -> ExpressionValue {
    switch word {
    case .add: .double(a + b)
    case .sub: .double(a - b)
    case .mul: .double(a * b)
    case .div, .divby: .double(a / b)
    case .mod: .double(a.truncatingRemainder(dividingBy: b))
    case .has, .in, .gt, .ge, .lt, .le, .eq, .ne: .null
    }
  }

  private static let ticksPerDay = 86_400 * DateTimeOffset.ticksPerSecond

  private static func sum(_ a: Int64, _ b: Int64) throws(EvaluationError) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw .overflow }
    return sum
  }

  private static func difference(_ a: Int64, _ b: Int64) throws(EvaluationError) -> Int64 {
    let (difference, overflow) = a.subtractingReportingOverflow(b)
    guard !overflow else { throw .overflow }
    return difference
  }

  private static func moved(
    _ instant: DateTimeOffset, by span: Duration100ns, _ word: BinaryOperator
  ) throws(EvaluationError) -> ExpressionValue {
    let ticks = word == .add ? try sum(instant.ticks, span.ticks) : try difference(instant.ticks, span.ticks)
    guard let moved = DateTimeOffset(ticks: ticks) else { throw .overflow }
    return .dateTime(moved)
  }

  private static func moved(
    _ date: CalendarDate, by span: Duration100ns, _ word: BinaryOperator
  ) throws(EvaluationError) -> ExpressionValue {
    let days = Int(span.ticks / ticksPerDay)
    guard let moved = CalendarDate(dayNumber: date.dayNumber + (word == .add ? days : -days)) else { throw .overflow }
    return .date(moved)
  }

  private static func scaled(
    _ span: Duration100ns, _ factor: Double, _ word: BinaryOperator
  ) throws(EvaluationError) -> ExpressionValue {
    if word != .mul, factor == 0 { throw .divisionByZero }
    let ticks = (word == .mul ? Double(span.ticks) * factor : Double(span.ticks) / factor).rounded(.toNearestOrEven)
    guard abs(ticks) < 0x1p62 else { throw .overflow }
    return .duration(Duration100ns(ticks: Int64(ticks)))
  }
}
