/// The estimated cost of a query for each byte of an entity, by which a scheduler decides where to run it.
///
/// A literal costs nothing, any other node one, a pattern one for each of its steps. The body of a lambda runs for each
/// element, so it counts several times.
extension Expression {
  /// The estimated cost of the expression, at least 1.
  public var estimatedCost: Int { max(1, parts) }

  /// The assumed number of elements of a collection.
  private static let elementsAssumed = 8

  private var parts: Int {
    switch self {
    case .literal, .variable: 0
    case .list(let elements): elements.count
    case .member(let owner, _), .dynamicMember(let owner, _), .count(let owner): 1 + owner.parts
    case .not(let operand), .negate(let operand): operand.parts
    case .folded(let operand): 1 + operand.parts
    case .logical(_, let operands): operands.reduce(0) { $0 + $1.parts }
    case .comparison(_, let left, let right), .arithmetic(_, let left, let right), .contained(let left, in: let right),
      .hasFlags(let left, let right):
      1 + left.parts + right.parts
    case .call(_, let arguments): arguments.reduce(1) { $0 + $1.parts }
    case .matches(let text, let pattern): text.parts + pattern.stepCount
    case .lambda(_, let collection, let body): collection.parts + Self.elementsAssumed * (1 + (body?.parts ?? 0))
    }
  }
}

extension SearchExpression {
  /// The estimated cost of the search: one for each term.
  public var estimatedCost: Int {
    switch self {
    case .term: 1
    case .not(let inner): inner.estimatedCost
    case .all(let parts), .some(let parts): parts.reduce(0) { $0 + $1.estimatedCost }
    }
  }
}

extension Ordering {
  /// The estimated cost of the order: that of all its keys.
  public var estimatedCost: Int { keys.reduce(0) { $0 + $1.expression.estimatedCost } }
}
