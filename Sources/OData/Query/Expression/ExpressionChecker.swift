/// Checks a parsed expression against the type of the entities that it will be evaluated for (OData URL Conventions
/// 4.01 section 5.1.1). Parts that depend on no property are computed here, so that a query that cannot succeed fails
/// whatever the data.
struct ExpressionChecker {
  /// A checked expression with its type.
  struct Checked {
    var expression: Expression
    var type: ExpressionType
    /// The literal that it was written as; nil when it is not a literal.
    var literal: ExpressionLiteral?
    /// Whether its strings are compared without regard to case.
    var ignoresCase = false

    init(_ expression: Expression, _ type: ExpressionType, _ literal: ExpressionLiteral? = nil) {
      self.expression = expression
      self.type = type
      self.literal = literal
    }
  }

  /// The name of the option, for messages.
  let option: String
  /// The type of the entities.
  let entity: StructuredType
  /// The values of parameter aliases, by name.
  let aliases: [String: QueryAlias]
  /// The variables of the enclosing lambdas, outermost first.
  private var variables: [(name: String, type: ExpressionType, ignoresCase: Bool)] = []
  private var openAliases: Set<String> = []
  private var nodes = 0

  init(_ option: String, of entity: StructuredType, aliases: [String: QueryAlias]) {
    self.option = option
    self.entity = entity
    self.aliases = aliases
  }

  /// Checks an expression of type Edm.Boolean, as `$filter` takes.
  ///
  /// - Throws: `QueryError` when the expression is wrong for the type, or is no condition.
  mutating func condition(_ syntax: ExpressionSyntax) throws(QueryError) -> Expression {
    let checked = try check(syntax)
    guard checked.type.isBoolean else { throw mismatch("must be a condition, but is", checked.type, syntax) }
    return checked.expression
  }

  /// Checks an expression whose values have an order, as `$orderby` takes.
  ///
  /// - Throws: `QueryError` when the expression is wrong for the type, or has no order.
  mutating func orderKey(_ syntax: ExpressionSyntax) throws(QueryError) -> Expression {
    let checked = try check(syntax)
    guard checked.type.isOrdered else { throw mismatch("cannot order by", checked.type, syntax) }
    return checked.ignoresCase ? checked.expression.folded(as: checked.type) : checked.expression
  }

  /// Checks an expression of any type.
  ///
  /// - Throws: `QueryError` when the expression is wrong for the type.
  mutating func check(_ syntax: ExpressionSyntax) throws(QueryError) -> Checked {
    nodes += 1
    // Aliases may repeat each other: the bound counts them expanded.
    guard nodes <= Limits.expressionNodesMax else {
      throw failure("has more than \(Limits.expressionNodesMax) parts", syntax)
    }
    switch syntax.kind {
    case .literal(let literal): return try check(literal, syntax)
    case .list(let elements): return try list(elements, syntax)
    case .alias(let name): return try alias(name, syntax)
    case .path(let segments): return try path(segments, syntax)
    case .count(let segments):
      let collection = try path(segments, syntax)
      guard case .collection = collection.type else {
        throw mismatch("counts a collection, not", collection.type, syntax)
      }
      return Checked(.count(collection.expression), .integer)
    case .call(let name, let arguments): return try call(name, arguments, syntax)
    case .lambda(let quantifier, let segments, let variable, let body):
      return try lambda(quantifier, segments, variable, body, syntax)
    case .unary(let word, let operand): return try unary(word, operand)
    case .binary(let word, let left, let right): return try binary(word, left, right, syntax)
    case .logical(let word, let operands):
      var conditions: [Expression] = []
      for operand in operands {
        let checked = try check(operand)
        guard checked.type.isBoolean else { throw mismatch("joins conditions, not", checked.type, operand) }
        conditions.append(checked.expression)
      }
      return Checked(.logical(word, conditions), .boolean)
    }
  }

  // MARK: Operands

  private func check(_ literal: ExpressionLiteral, _ syntax: ExpressionSyntax) throws(QueryError) -> Checked {
    Checked(.literal(ExpressionValue(literal)), ExpressionType(literal), literal)
  }

  private mutating func list(_ elements: [ExpressionSyntax], _ syntax: ExpressionSyntax) throws(QueryError) -> Checked {
    var type = ExpressionType.null
    var ignoresCase = false
    var values: [Expression] = []
    for element in elements {
      let checked = try check(element)
      guard type.isComparable(with: checked.type) else {
        throw mismatch("mixes types in a list:", checked.type, element)
      }
      if case .null = type { type = checked.type }
      ignoresCase = ignoresCase || checked.ignoresCase
      values.append(checked.expression)
    }
    var list = Checked(.list(values), .collection(type))
    list.ignoresCase = ignoresCase
    return list
  }

  private mutating func alias(_ name: String, _ syntax: ExpressionSyntax) throws(QueryError) -> Checked {
    // An alias without a value is null (OData URL Conventions 4.01 section 5.3).
    guard let value = aliases[name] else { return Checked(.literal(.null), .null) }
    guard openAliases.insert(name).inserted else { throw failure("uses a parameter alias within itself", syntax) }
    defer { openAliases.remove(name) }
    guard openAliases.count <= Limits.aliasesMax else { throw failure("nests parameter aliases too deeply", syntax) }
    return try check(try value.syntax.get())
  }

  /// Path roots that OData defines and this server does not support (OData URL Conventions 4.01 sections 5.1.1.14.5 and
  /// 5.1.1.14.6).
  private static let notOffered: Set<String> = ["$root", "$this"]

  private func path(_ segments: [String], _ syntax: ExpressionSyntax) throws(QueryError) -> Checked {
    var rest = segments[...]
    var current = Checked(.variable(0), .complex(entity))
    current.ignoresCase = entity.ignoresCase
    if let first = rest.first {
      if first == "$it" {
        rest.removeFirst()
      } else if let depth = variables.lastIndex(where: { $0.name == first }) {
        current = Checked(.variable(depth + 1), variables[depth].type)
        current.ignoresCase = variables[depth].ignoresCase
        rest.removeFirst()
      } else if Self.notOffered.contains(first) || first.utf8.first == UInt8(ascii: "@") {
        throw QueryError.notImplemented(option: option, name: PropertyPath.printable(first), position: syntax.position)
      }
    }
    var offset = syntax.position + segments.prefix(segments.count - rest.count).reduce(0) { $0 + $1.utf8.count + 1 }
    for segment in rest {
      current = try member(segment, of: current, at: offset)
      offset += segment.utf8.count + 1
    }
    return current
  }

  private func member(_ name: String, of owner: Checked, at offset: Int) throws(QueryError) -> Checked {
    guard case .complex(let type) = owner.type else { throw unknown(name, at: offset) }
    if let property = type.property(inAnyCase: name) {
      guard property.isComparable else {
        throw .notComparable(option: option, name: property.name, position: offset)
      }
      var member = Checked(.member(owner.expression, property.index), ExpressionType(property))
      member.ignoresCase = owner.ignoresCase && !property.traits.contains(.key)
      return member
    }
    // Only a cast to the declared type is possible: no declared type has derived types that could be stored in its
    // place.
    if name.isSameName(as: type.qualifiedName) { return owner }
    if let unoffered = type.unofferedName(name) {
      throw .notImplemented(option: option, name: unoffered, position: offset)
    }
    guard type.isOpen, !name.utf8.contains(UInt8(ascii: ".")) else { throw unknown(name, at: offset) }
    var member = Checked(.dynamicMember(owner.expression, name), .untyped)
    member.ignoresCase = owner.ignoresCase
    return member
  }

  private mutating func lambda(
    _ quantifier: LambdaQuantifier, _ segments: [String], _ variable: String?, _ body: ExpressionSyntax?,
    _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    let collection = try path(segments, syntax)
    guard case .collection(let element) = collection.type else {
      throw mismatch("applies \(quantifier.rawValue) to a collection, not", collection.type, syntax)
    }
    guard let variable, let body else { return Checked(.lambda(quantifier, collection.expression, nil), .boolean) }
    guard !variables.contains(where: { $0.name == variable }) else {
      throw failure("names two lambda variables alike", syntax)
    }
    variables.append((variable, element, collection.ignoresCase))
    defer { variables.removeLast() }
    let condition = try check(body)
    guard condition.type.isBoolean else { throw mismatch("must be a condition, but is", condition.type, body) }
    return Checked(.lambda(quantifier, collection.expression, condition.expression), .boolean)
  }

  private mutating func call(
    _ name: String, _ arguments: [ExpressionSyntax], _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    if name == "matchespattern" { return try matches(arguments, syntax) }
    guard let function = ExpressionFunction(rawValue: name) else {
      guard !ExpressionFunction.notOffered.contains(name), !name.utf8.contains(UInt8(ascii: ".")) else {
        throw QueryError.notImplemented(option: option, name: PropertyPath.printable(name), position: syntax.position)
      }
      throw unknown(name, at: syntax.position)
    }
    guard function.arity.contains(arguments.count) else {
      throw failure("gives \(name) \(arguments.count) arguments", syntax)
    }
    var checked: [Checked] = []
    for argument in arguments {
      let value = try check(argument)
      if case .dateTime(_, isUTC: false) = value.literal {
        // Stored instants are in UTC, so the parts of one in another offset are unknown (section 5.1.1.8).
        throw failure("takes a part of an instant that is not in UTC", argument)
      }
      checked.append(value)
    }
    guard let type = function.resultType(of: checked.map(\.type)) else {
      throw mismatch("cannot call \(name) with", checked.first?.type ?? .null, syntax)
    }
    return try computed(Self.call(function, checked, type), syntax, function == .now)
  }

  private mutating func matches(
    _ arguments: [ExpressionSyntax], _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    guard arguments.count == 2 else { throw failure("gives matchespattern \(arguments.count) arguments", syntax) }
    let text = try check(arguments[0])
    guard text.type.isString else { throw mismatch("matches a pattern with", text.type, arguments[0]) }
    guard case .literal(.string(let pattern)) = try check(arguments[1]).expression else {
      throw failure("needs a literal as pattern", arguments[1])
    }
    do throws(TextPattern.PatternError) {
      return Checked(.matches(text.expression, try TextPattern(pattern)), .boolean)
    } catch {
      switch error {
      case .malformed: throw failure("holds a malformed pattern", arguments[1])
      case .tooLong: throw failure("holds a pattern of more than \(Limits.patternStepsMax) steps", arguments[1])
      case .notRegular:
        throw .notImplemented(
          option: option, name: "a reference or lookaround in a pattern", position: arguments[1].position)
      }
    }
  }

  // MARK: Operators

  private mutating func unary(_ word: UnaryOperator, _ operand: ExpressionSyntax) throws(QueryError) -> Checked {
    let checked = try check(operand)
    switch word {
    case .not:
      guard checked.type.isBoolean else { throw mismatch("negates a condition, not", checked.type, operand) }
      return Checked(.not(checked.expression), .boolean)
    case .negate:
      switch checked.type {
      case .integer, .double, .duration, .null, .untyped: break
      case .boolean, .string, .date, .timeOfDay, .dateTime, .guid, .enumeration, .complex, .collection:
        throw mismatch("cannot negate", checked.type, operand)
      }
      return try computed(Checked(.negate(checked.expression), checked.type), operand)
    }
  }

  private mutating func binary(
    _ word: BinaryOperator, _ left: ExpressionSyntax, _ right: ExpressionSyntax, _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    var a = try check(left)
    var b = try check(right)
    switch word {
    case .eq, .ne, .gt, .ge, .lt, .le:
      try align(&a, &b, left, right)
      Self.fold(&a, &b)
      let needsOrder = word != .eq && word != .ne
      guard a.type.isComparable(with: b.type), !needsOrder || (a.type.isOrdered && b.type.isOrdered) else {
        throw mismatch("cannot compare \(a.type.name) with", b.type, syntax)
      }
      return Checked(.comparison(word, a.expression, b.expression), .boolean)
    case .in: return try membership(a, b, left, right, syntax)
    case .has: return try flags(a, &b, right, syntax)
    case .add, .sub, .mul, .div, .divby, .mod:
      guard let type = ExpressionType.ofArithmetic(word, a.type, b.type) else {
        throw mismatch("cannot compute \(a.type.name) \(word.rawValue)", b.type, syntax)
      }
      return try computed(Checked(.arithmetic(word, a.expression, b.expression), type), syntax)
    }
  }

  private mutating func membership(
    _ element: Checked, _ list: Checked, _ left: ExpressionSyntax, _ right: ExpressionSyntax,
    _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    guard case .collection(let type) = list.type else {
      guard case .null = list.type else {
        throw mismatch("looks for a value in a collection, not in", list.type, right)
      }
      return Checked(.literal(.null), .null)
    }
    var element = element
    var candidates: [Expression] = []
    guard case .list(let elements) = list.expression else {
      var sample = Checked(.literal(.null), type)
      try align(&element, &sample, left, right)
      guard element.type.isComparable(with: type) else {
        throw mismatch("looks for \(element.type.name) in", list.type, syntax)
      }
      var list = list
      Self.fold(&element, &list)
      return Checked(.contained(element.expression, in: list.expression), .boolean)
    }
    for candidate in elements {
      var isText = false
      if case .literal(.string) = candidate { isText = true }
      var candidate = Checked(candidate, isText ? .string : type)
      if case .literal(.null) = candidate.expression { candidate.type = .null }
      candidate.ignoresCase = list.ignoresCase
      try align(&element, &candidate, left, right)
      guard element.type.isComparable(with: candidate.type) else {
        throw mismatch("looks for \(element.type.name) in", list.type, syntax)
      }
      Self.fold(&element, &candidate)
      candidates.append(candidate.expression)
    }
    return Checked(.contained(element.expression, in: .list(candidates)), .boolean)
  }

  private func flags(
    _ value: Checked, _ flags: inout Checked, _ right: ExpressionSyntax, _ syntax: ExpressionSyntax
  ) throws(QueryError) -> Checked {
    if case .null = flags.type { return Checked(.literal(.null), .null) }
    guard case .enumeration(let type) = value.type, type.isFlags else {
      throw mismatch("asks for flags of", value.type, syntax)
    }
    try convert(&flags, to: .enumeration(type), right)
    guard case .enumeration(let other) = flags.type, other === type else {
      throw mismatch("compares flags with", flags.type, right)
    }
    return Checked(.hasFlags(value.expression, flags.expression), .boolean)
  }

  // MARK: Literals and their types

  /// Converts a string literal to the type that it is compared with: a member of an enumeration, or a duration.
  private func align(
    _ a: inout Checked, _ b: inout Checked, _ left: ExpressionSyntax, _ right: ExpressionSyntax
  ) throws(QueryError) {
    try convert(&a, to: b.type, left)
    try convert(&b, to: a.type, right)
  }

  private func convert(_ value: inout Checked, to type: ExpressionType, _ syntax: ExpressionSyntax) throws(QueryError) {
    guard case .literal(.string(let text)) = value.expression, case .string = value.type else { return }
    switch type {
    case .enumeration(let enumeration):
      if case .enumeration(let name, _) = value.literal, !name.isSameName(as: enumeration.qualifiedName) {
        throw failure("names an enumeration other than \(enumeration.qualifiedName)", syntax)
      }
      guard let number = enumeration.literal(text.utf8) else {
        throw failure("names no member of \(enumeration.qualifiedName)", syntax)
      }
      value = Checked(.literal(.enumeration(number)), type)
    case .duration:
      guard let span = Duration100ns(text.utf8) else { throw failure("holds a malformed duration", syntax) }
      value = Checked(.literal(.duration(span)), .duration)
    case .null, .untyped, .boolean, .integer, .double, .string, .date, .timeOfDay, .dateTime, .guid, .complex,
      .collection:
      if case .enumeration = value.literal { throw failure("compares an enumeration with something else", syntax) }
    }
  }

  /// Computes an expression that depends on no property. `isLater` leaves it to each request.
  private func computed(
    _ checked: Checked, _ syntax: ExpressionSyntax, _ isLater: Bool = false
  ) throws(QueryError) -> Checked {
    guard !isLater, checked.expression.isConstant else { return checked }
    do throws(EvaluationError) {
      var scope = ExpressionScope(StructuredValue(of: entity), now: .earliest)
      return Checked(.literal(try checked.expression.value(in: &scope)), checked.type)
    } catch {
      throw .evaluation(error)
    }
  }

  // MARK: Errors

  private func failure(_ reason: String, _ syntax: ExpressionSyntax) -> QueryError {
    .syntax(option: option, position: syntax.position, reason: reason)
  }

  private func mismatch(_ reason: String, _ type: ExpressionType, _ syntax: ExpressionSyntax) -> QueryError {
    failure("\(reason) \(type.name)", syntax)
  }

  private func unknown(_ name: String, at offset: Int) -> QueryError {
    .unknownName(option: option, name: PropertyPath.printable(name), position: offset)
  }
}
