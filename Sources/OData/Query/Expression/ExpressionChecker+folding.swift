/// Which strings are compared without regard to case: those of entities whose type says so
/// (`StructuredType.ignoresCase`), and strings derived from them.
extension ExpressionChecker {
  /// A call. A function that compares strings folds all of them when one of them ignores case. Its result ignores case
  /// too.
  static func call(_ function: ExpressionFunction, _ arguments: [Checked], _ type: ExpressionType) -> Checked {
    let ignoresCase = arguments.contains(where: \.ignoresCase)
    let folds = ignoresCase && function.comparesTexts
    var call = Checked(
      .call(function, arguments.map { folds ? $0.expression.folded(as: $0.type) : $0.expression }), type)
    call.ignoresCase = ignoresCase
    return call
  }

  /// Folds two operands when one of them ignores case.
  static func fold(_ a: inout Checked, _ b: inout Checked) {
    guard a.ignoresCase || b.ignoresCase else { return }
    a.expression = a.expression.folded(as: a.type)
    b.expression = b.expression.folded(as: b.type)
  }
}

extension Expression {
  /// The expression with its strings folded, when values of `type` can be or hold strings.
  func folded(as type: ExpressionType) -> Expression {
    guard type.holdsTexts else { return self }
    switch self {
    case .literal(.string(let text)): return .literal(.string(text.folded))
    case .list(let elements): return .list(elements.map { $0.folded(as: .untyped) })
    case .literal, .folded: return self
    case .variable, .member, .dynamicMember, .count, .not, .negate, .logical, .comparison, .arithmetic, .contained,
      .hasFlags, .call, .matches, .lambda:
      return .folded(self)
    }
  }
}
