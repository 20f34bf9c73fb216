public import OData

/// A condition that every item satisfies for which a filter is true, in a form that a store can check on columns and bytes
/// alone. It leaves out few items too few rather than one too many: the filter is still evaluated on what is left.
///
/// Two things follow from the rules of evaluation. An item longer than `Limits.narrowedItemBytesMax` satisfies every
/// condition, so that it is never this condition that decides whether an evaluation is too much work. And no item is left out
/// on which the evaluation would fail: what stands behind a part that can fail is not looked at.
public struct ItemCondition: Equatable, Sendable {
  /// The earliest `createdDateTime`, in ticks.
  public private(set) var createdFrom = Int64.min
  /// The latest `createdDateTime`, in ticks.
  public private(set) var createdTo = Int64.max
  /// The bits of `allowedAudiences` that are compared.
  public private(set) var audienceMask: Int64 = 0
  /// What these bits must be.
  public private(set) var audienceBits: Int64 = 0
  /// Bytes that occur in the stored JSON, each of them: at most `Limits.narrowedPartsMax`.
  public private(set) var parts: [[UInt8]] = []
  /// Bytes of which at least one occurs in the stored JSON: at most `Limits.narrowedAlternativesMax`; none where nothing is
  /// known.
  public private(set) var alternatives: [[UInt8]] = []

  /// The condition that every item satisfies.
  public init() {}

  /// A condition that is true wherever a filter on items of `type` is; nil when nothing is known but that.
  public init?(impliedBy filter: Expression, of type: StructuredType) {
    self.init()
    var (deferred, calls): ([ItemTest.Finding], Int) = ([], 0)
    for operand in filter.conjuncts {
      guard let test = ItemTest(operand, of: type), calls + test.calls <= Limits.narrowedCallsMax else {
        // This part or a later one may fail, and a part that is null does not end the evaluation before it.
        deferred = []
        break
      }
      calls += test.calls
      guard let finding = test.finding else { continue }
      if test.mayBeNull { deferred.append(finding) } else { add(finding) }
    }
    for finding in deferred { add(finding) }
    guard self != ItemCondition() else { return nil }
  }

  private mutating func add(_ finding: ItemTest.Finding) {
    switch finding {
    case .created(let from, let to):
      createdFrom = max(createdFrom, from)
      createdTo = min(createdTo, to)
    case .audience(let mask, let bits):
      // Two parts that contradict each other leave out every item, which the evaluation does as well.
      guard (audienceBits ^ bits) & audienceMask & mask == 0 else { return }
      audienceMask |= mask
      audienceBits |= bits
    case .bytes(let choices):
      if choices.count == 1, parts.count < Limits.narrowedPartsMax {
        parts += choices
      } else if alternatives.isEmpty, choices.count <= Limits.narrowedAlternativesMax {
        alternatives = choices
      }
    }
  }
}

extension Expression {
  /// The operands of a conjunction, in the order of evaluation, which ends at the first that is false.
  fileprivate var conjuncts: [Expression] {
    guard case .logical(.and, let operands) = self else { return [self] }
    return operands.flatMap(\.conjuncts)
  }
}

/// What is known of a part of a filter whose evaluation cannot fail on an item of at most `Limits.narrowedItemBytesMax`
/// bytes.
private struct ItemTest {
  /// What holds of every item for which the part is true.
  enum Finding {
    /// `createdDateTime` lies between these ticks.
    case created(from: Int64, to: Int64)
    /// The bits under the mask are these.
    case audience(mask: Int64, bits: Int64)
    /// One of these occurs in the stored JSON.
    case bytes([[UInt8]])
  }

  /// nil when nothing is known.
  var finding: Finding?
  /// Whether the part may be null instead of false.
  var mayBeNull = false
  /// How many functions are called, each of which takes time by the length of a text.
  var calls = 0

  /// Nil when the evaluation may fail.
  init?(_ expression: Expression, of type: StructuredType) {
    switch expression {
    case .comparison(let word, let left, let right):
      guard let left = ItemOperand(left, of: type), let right = ItemOperand(right, of: type) else { return nil }
      finding = Self.comparison(word, left, right)
    case .contained(let element, in: .list(let candidates)):
      guard let element = ItemOperand(element, of: type) else { return nil }
      var choices: [[UInt8]?] = []
      for candidate in candidates {
        guard let candidate = ItemOperand(candidate, of: type) else { return nil }
        choices += Self.choices(Self.comparison(.eq, element, candidate))
      }
      finding = Self.any(of: choices)
    case .hasFlags(let value, let flags):
      guard let value = ItemOperand(value, of: type), let flags = ItemOperand(flags, of: type) else { return nil }
      mayBeNull = true
      if case .property(_, .audience) = value, case .literal(.enumeration(let bits)) = flags {
        finding = .audience(mask: bits, bits: bits)
      }
    case .call(let function, let arguments):
      guard let test = ItemTest(function, arguments, of: type) else { return nil }
      self = test
    case .not(let operand):
      guard let test = ItemTest(operand, of: type) else { return nil }
      (mayBeNull, calls) = (test.mayBeNull, test.calls)
    case .logical(let word, let operands):
      guard let test = ItemTest(word, operands, of: type) else { return nil }
      self = test
    default: return nil
    }
  }

  private init?(_ function: ExpressionFunction, _ arguments: [Expression], of type: StructuredType) {
    guard function == .startswith || function == .endswith || function == .contains, arguments.count == 2,
      let text = ItemOperand(arguments[0], of: type), let part = ItemOperand(arguments[1], of: type)
    else { return nil }
    (mayBeNull, calls) = (true, 1)
    guard case .property(let property, .text) = text, case .literal(.string(let part)) = part else { return }
    var writer = JSONWriter(capacity: part.utf8.count + 16)
    writer.string(part)
    let quoted = writer.bytes
    switch function {
    case .startswith: finding = .bytes([Self.cut(Self.name(property) + quoted.dropLast())])
    case .endswith: finding = .bytes([Self.cut(quoted.dropFirst())])
    default: finding = part.isEmpty ? nil : .bytes([Self.cut(quoted.dropFirst().dropLast())])
    }
  }

  private init?(_ word: LogicalOperator, _ operands: [Expression], of type: StructuredType) {
    var choices: [[UInt8]?] = []
    for operand in operands {
      guard let test = ItemTest(operand, of: type) else { return nil }
      mayBeNull = mayBeNull || test.mayBeNull
      calls += test.calls
      choices += Self.choices(test.finding)
    }
    if word == .or { finding = Self.any(of: choices) }
  }

  // MARK: Findings

  private static func comparison(_ word: BinaryOperator, _ left: ItemOperand, _ right: ItemOperand) -> Finding? {
    switch (left, right) {
    case (.property(let property, let kind), .literal(let value)): comparison(word, property, kind, value)
    case (.literal(let value), .property(let property, let kind)): comparison(word.exchanged, property, kind, value)
    case (.property, .property), (.literal, .literal): nil
    }
  }

  private static func comparison(
    _ word: BinaryOperator, _ property: Property, _ kind: ItemOperand.Kind, _ value: ExpressionValue
  ) -> Finding? {
    switch (kind, value) {
    case (.created, .dateTime(let instant)): created(word, instant.ticks)
    case (.created, .date(let date)): created(word, DateTimeOffset(midnightOf: date).ticks)
    case (.audience, .enumeration(let bits)) where word == .eq: .audience(mask: -1, bits: bits)
    case (.text, .string(let text)) where word == .eq: .bytes([equal(property, text)])
    case (.enumeration(let type), .enumeration(let number)) where word == .eq:
      .bytes([equal(property, type.text(of: number))])
    default: nil
    }
  }

  private static func created(_ word: BinaryOperator, _ ticks: Int64) -> Finding? {
    switch word {
    case .eq: .created(from: ticks, to: ticks)
    case .ge, .gt: .created(from: ticks, to: .max)
    case .le, .lt: .created(from: .min, to: ticks)
    default: nil
    }
  }

  /// What occurs where a part is true; one nil when that is not known.
  private static func choices(_ finding: Finding?) -> [[UInt8]?] {
    if case .bytes(let choices) = finding { choices } else { [nil] }
  }

  /// What holds when one of several parts is true; nil when nothing is known of one of them.
  private static func any(of choices: [[UInt8]?]) -> Finding? {
    let known = choices.compactMap(\.self)
    return known.count == choices.count && !known.isEmpty ? .bytes(known) : nil
  }

  /// The member of stored JSON whose value is a text. Stored JSON is what `JSONWriter` wrote.
  private static func equal(_ property: Property, _ text: String) -> [UInt8] {
    var writer = JSONWriter(capacity: text.utf8.count + 16)
    writer.string(text)
    return cut(name(property) + writer.bytes)
  }

  private static func name(_ property: Property) -> [UInt8] { Array("\"\(property.name)\":".utf8) }

  /// The beginning of what occurs occurs as well. It bounds the time of a search.
  private static func cut(_ bytes: some Sequence<UInt8>) -> [UInt8] { Array(bytes.prefix(Limits.narrowedPartBytesMax)) }
}

/// An operand whose evaluation cannot fail: a literal, or a property of the item or of a complex value within it.
private enum ItemOperand {
  /// What stores know of a property.
  enum Kind {
    /// It is `createdDateTime` of the item.
    case created
    /// It is `allowedAudiences` of the item.
    case audience
    /// It is stored as a JSON string that holds its text.
    case text
    /// It is stored as a JSON string that names the member.
    case enumeration(EnumType)
    /// Nothing.
    case other
  }

  case literal(ExpressionValue)
  case property(Property, Kind)

  init?(_ expression: Expression, of type: StructuredType) {
    switch expression {
    case .literal(.collection): return nil
    case .literal(let value): self = .literal(value)
    case .member:
      guard let (property, isOpen) = Self.property(expression, of: type) else { return nil }
      var isOfItem = false
      if case .member(.variable, _) = expression { isOfItem = true }
      self = .property(property, isOpen ? .other : Self.kind(property, isOfItem: isOfItem))
    default: return nil
    }
  }

  /// The property that a path leads to, and whether a value on its way may hold undeclared members, which are stored as they
  /// were sent. Nil for a collection, whose elements count as work.
  private static func property(
    _ expression: Expression, of type: StructuredType
  ) -> (property: Property, isOpen: Bool)? {
    guard case .member(let owner, let index) = expression else { return nil }
    var (ownerType, isOpen) = (type, type.isOpen)
    if case .variable(let depth) = owner {
      guard depth == 0 else { return nil }
    } else {
      guard let outer = property(owner, of: type), case .complex(let complex) = outer.property.type else { return nil }
      (ownerType, isOpen) = (complex, outer.isOpen || complex.isOpen)
    }
    guard ownerType.properties.indices.contains(index) else { return nil }
    let property = ownerType.properties[index]
    return property.isCollection ? nil : (property, isOpen)
  }

  private static func kind(_ property: Property, isOfItem: Bool) -> Kind {
    if isOfItem, property.index == ItemFacet.Position.createdDateTime { return .created }
    if isOfItem, property.index == ItemFacet.Position.allowedAudiences { return .audience }
    switch property.type {
    case .primitive(.string): return .text
    case .enumeration(let type): return .enumeration(type)
    case .primitive, .complex: return .other
    }
  }
}

extension BinaryOperator {
  /// The operator with its sides exchanged.
  var exchanged: BinaryOperator {
    switch self {
    case .lt: .gt
    case .le: .ge
    case .gt: .lt
    case .ge: .le
    default: self
    }
  }
}
