/// Expressions of `$filter` and `$orderby` (OData ABNF `commonExpr`), by precedence climbing (OData URL Conventions
/// 4.01 section 5.1.1.17).
extension OptionParser {
  /// Reads the longest expression that begins here.
  mutating func expression() throws(QueryError) -> ExpressionSyntax {
    try disjunction()
  }

  private mutating func disjunction() throws(QueryError) -> ExpressionSyntax {
    try chain(of: .or) { parser throws(QueryError) in
      try parser.chain(of: .and) { parser throws(QueryError) in try parser.binary(from: 3) }
    }
  }

  /// Reads operands joined by `word`, as one flat node: long chains of `and` or `or` then do not count as deep.
  private mutating func chain(
    of word: LogicalOperator, _ operand: (inout OptionParser) throws(QueryError) -> ExpressionSyntax
  ) throws(QueryError) -> ExpressionSyntax {
    let start = position
    var operands = [try operand(&self)]
    while try takesOperator(word.rawValue) { operands.append(try operand(&self)) }
    guard operands.count > 1 else { return operands[0] }
    return try node(.logical(word, operands), at: start)
  }

  /// Reads operators of at least this precedence, which associate to the left.
  private mutating func binary(from lowest: Int) throws(QueryError) -> ExpressionSyntax {
    let start = position
    var left = try unary()
    let outerDepth = depth
    defer { depth = outerDepth }
    while let found = try nextOperator(from: lowest) {
      // Each further operator makes the tree one level deeper on its left.
      try descend(at: start)
      let right = try binary(from: found.precedence + 1)
      left = try node(.binary(found, left, right), at: start)
    }
    return left
  }

  private mutating func nextOperator(from lowest: Int) throws(QueryError) -> BinaryOperator? {
    for candidate in Self.climbing where candidate.precedence >= lowest {
      if try takesOperator(candidate.rawValue) { return candidate }
    }
    return nil
  }

  private static let climbing: [BinaryOperator] = [
    .eq, .ne, .gt, .ge, .lt, .le, .add, .sub, .mul, .divby, .div, .mod,
  ]

  /// Consumes an operator between spaces. Next to a parenthesis the space may be missing, as other services allow.
  private mutating func takesOperator(_ word: String) throws(QueryError) -> Bool {
    let start = position
    let isApart = skipBlanks() || (start > 0 && text[start - 1] == UInt8(ascii: ")"))
    guard isApart, isAt(word) else {
      position = start
      return false
    }
    position += word.utf8.count
    guard skipBlanks() || next == UInt8(ascii: "(") else { throw unexpected() }
    return true
  }

  private mutating func unary() throws(QueryError) -> ExpressionSyntax {
    let start = position
    if isAt("not"), position + 3 < text.count, [0x20, 0x09, UInt8(ascii: "(")].contains(text[position + 3]) {
      position += 3
      skipBlanks()
      return try nested(.not, at: start)
    }
    // A sign before a digit belongs to the literal.
    if next == UInt8(ascii: "-"), second.map(Self.isDigit) != true, !isAt("-INF") {
      position += 1
      skipBlanks()
      return try nested(.negate, at: start)
    }
    return try membership()
  }

  private mutating func nested(_ word: UnaryOperator, at start: Int) throws(QueryError) -> ExpressionSyntax {
    try descend(at: start)
    defer { depth -= 1 }
    return try node(.unary(word, try unary()), at: start)
  }

  /// Reads `has` and `in`, which bind more tightly than `not`.
  private mutating func membership() throws(QueryError) -> ExpressionSyntax {
    let start = position
    var left = try primary()
    while true {
      if try takesOperator("has") {
        left = try node(.binary(.has, left, try primary()), at: start)
      } else if try takesOperator("in") {
        left = try node(.binary(.in, left, try listOperand()), at: start)
      } else {
        return left
      }
    }
  }

  /// Reads the right operand of `in`: a list in parentheses or brackets, a path, or an alias (OData ABNF `inExpr`).
  private mutating func listOperand() throws(QueryError) -> ExpressionSyntax {
    guard next == UInt8(ascii: "(") else {
      let operand = try primary()
      if case .literal = operand.kind { throw failure("needs a list in parentheses", at: operand.position) }
      return operand
    }
    let list = try nonEmptyList()
    // A single element may be any expression in parentheses; several make a list, which holds literals only.
    guard case .list(let elements) = list.kind, elements.count > 1 else { return list }
    for element in elements {
      guard case .literal = element.kind else {
        throw failure("lists something else than literals", at: element.position)
      }
    }
    return list
  }

  /// Reads `(a,b)` with at least one element (OData ABNF `listExpr`).
  mutating func nonEmptyList() throws(QueryError) -> ExpressionSyntax {
    let list = try parenthesizedList()
    if case .list(let elements) = list.kind, elements.isEmpty {
      throw failure("holds an empty list", at: list.position)
    }
    return list
  }

  /// Reads `(a,b)`, which may be empty.
  private mutating func parenthesizedList() throws(QueryError) -> ExpressionSyntax {
    try list(UInt8(ascii: "("), UInt8(ascii: ")"))
  }

  private mutating func list(_ opening: UInt8, _ closing: UInt8) throws(QueryError) -> ExpressionSyntax {
    let start = position
    try descend(at: start)
    defer { depth -= 1 }
    try expect(opening)
    var elements: [ExpressionSyntax] = []
    skipBlanks()
    if !skip(closing) {
      repeat {
        skipBlanks()
        elements.append(try expression())
        skipBlanks()
      } while skip(UInt8(ascii: ","))
      try expect(closing)
    }
    return try node(.list(elements), at: start)
  }

  private mutating func primary() throws(QueryError) -> ExpressionSyntax {
    let start = position
    switch next {
    case UInt8(ascii: "("):
      try descend(at: start)
      defer { depth -= 1 }
      position += 1
      skipBlanks()
      let inner = try expression()
      skipBlanks()
      try expect(UInt8(ascii: ")"))
      return inner
    case UInt8(ascii: "["):
      openBrackets += 1
      defer { openBrackets -= 1 }
      return try list(UInt8(ascii: "["), UInt8(ascii: "]"))
    case UInt8(ascii: "{"): throw QueryError.notImplemented(option: option, name: "an object literal", position: start)
    case nil: throw unexpected()
    default: break
    }
    if let literal = try literal() { return try node(.literal(literal), at: start) }
    if next == UInt8(ascii: "@"), let name = aliasName() { return try node(.alias(name), at: start) }
    return try path()
  }

  private mutating func aliasName() -> String? {
    let start = position
    position += 1
    guard let name = optionalName(), !name.utf8.contains(UInt8(ascii: ".")) else {
      position = start
      return nil
    }
    return name
  }

  // MARK: Paths, functions, lambdas

  private mutating func path() throws(QueryError) -> ExpressionSyntax {
    let start = position
    var segments: [String] = []
    repeat {
      let offset = position
      if let byte = next, byte == UInt8(ascii: ".") || Self.isDigit(byte) { throw unexpected() }
      let name = try name()
      if next == UInt8(ascii: "(") {
        return try callOrLambda(name, after: segments, at: start, offset)
      }
      if name.isSameName(as: "$count") {
        guard !segments.isEmpty else { throw failure("needs a collection before $count", at: offset) }
        return try node(.count(segments), at: start)
      }
      segments.append(name)
      guard segments.count <= Limits.expressionDepthMax else { throw tooDeep(at: offset) }
    } while skip(UInt8(ascii: "/"))
    return try node(.path(segments), at: start)
  }

  private mutating func callOrLambda(
    _ name: String, after segments: [String], at start: Int, _ offset: Int
  ) throws(QueryError) -> ExpressionSyntax {
    if let quantifier = LambdaQuantifier(rawValue: name.lowercased()) {
      guard !segments.isEmpty else { throw failure("needs a collection before \(quantifier.rawValue)", at: offset) }
      return try lambda(quantifier, segments, at: start)
    }
    // The arguments of `case` have a grammar of their own (OData URL Conventions 4.01 section 5.1.1.12).
    guard segments.isEmpty, !name.isSameName(as: "case") else {
      throw QueryError.notImplemented(option: option, name: PropertyPath.printable(name), position: offset)
    }
    let list = try parenthesizedList()
    guard case .list(let arguments) = list.kind else { throw unexpected() }
    return try node(.call(name.lowercased(), arguments), at: start)
  }

  private mutating func lambda(
    _ quantifier: LambdaQuantifier, _ segments: [String], at start: Int
  ) throws(QueryError) -> ExpressionSyntax {
    try descend(at: start)
    defer { depth -= 1 }
    try expect(UInt8(ascii: "("))
    skipBlanks()
    if quantifier == .any, skip(UInt8(ascii: ")")) {
      return try node(.lambda(.any, segments, variable: nil, body: nil), at: start)
    }
    let variable = try name()
    skipBlanks()
    try expect(UInt8(ascii: ":"))
    skipBlanks()
    let body = try expression()
    skipBlanks()
    try expect(UInt8(ascii: ")"))
    return try node(.lambda(quantifier, segments, variable: variable, body: body), at: start)
  }

  // MARK: Bounds

  private mutating func node(
    _ kind: ExpressionSyntax.Kind, at start: Int
  ) throws(QueryError) -> ExpressionSyntax {
    nodes += 1
    guard nodes <= Limits.expressionNodesMax else {
      throw failure("has more than \(Limits.expressionNodesMax) parts", at: start)
    }
    return ExpressionSyntax(kind: kind, position: start)
  }

  private mutating func descend(at offset: Int) throws(QueryError) {
    depth += 1
    guard depth <= Limits.expressionDepthMax else { throw tooDeep(at: offset) }
  }

  private func tooDeep(at offset: Int) -> QueryError {
    failure("is nested deeper than \(Limits.expressionDepthMax)", at: offset)
  }
}
