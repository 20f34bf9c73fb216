/// A regular expression for `matchesPattern` (OData URL Conventions 4.01 section 5.1.1.7.1): ECMAScript syntax without
/// what is not regular, which is backreferences and lookaround. All alternatives are followed at once (a Thompson
/// simulation), so matching takes time linear in the text, and no pattern can make a request slow.
public struct TextPattern: Sendable {
  /// A character class.
  struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }
  }

  /// A zero-width assertion.
  enum Assertion: Sendable {
    case start, end, wordEdge, notWordEdge
  }

  /// One instruction of the compiled pattern.
  enum Step: Sendable {
    case take(ScalarSet)
    /// Continue at either index.
    case split(Int, Int)
    case jump(Int)
    case expect(Assertion)
    case match
  }

  private let steps: [Step]

  /// The cost for each scalar of a text: the number of steps, in which each range of a class counts as one.
  let stepCount: Int

  /// Why a text is no valid pattern.
  enum PatternError: Error {
    /// It breaks the grammar.
    case malformed
    /// It uses a backreference or lookaround.
    case notRegular
    /// It has more than `Limits.patternStepsMax` steps, with repetitions written out.
    case tooLong
  }

  init(_ text: String) throws(PatternError) {
    var parser = PatternParser(text)
    steps = try parser.whole()
    stepCount = steps.reduce(0) { sum, step in
      if case .take(let set) = step { sum + max(1, set.ranges.count) } else { sum + 1 }
    }
  }

  /// Whether the pattern matches anywhere in the text.
  func matches(_ text: String) -> Bool {
    let scalars = text.unicodeScalars.map(\.value)
    var current = Threads(count: steps.count)
    var next = Threads(count: steps.count)
    for position in 0...scalars.count {
      // A match may begin at every position.
      if follow(0, at: position, scalars, &current) { return true }
      guard position < scalars.count else { return false }
      next.removeAll()
      for step in current.list {
        guard case .take(let set) = steps[step], set.contains(scalars[position]) else { continue }
        if follow(step + 1, at: position + 1, scalars, &next) { return true }
      }
      swap(&current, &next)
    }
    return false
  }

  /// Adds every step that is reachable from `first` without consuming a scalar. Returns whether the end of the pattern
  /// is.
  private func follow(_ first: Int, at position: Int, _ scalars: [UInt32], _ threads: inout Threads) -> Bool {
    var open = [first]
    while let step = open.popLast() {
      guard threads.insert(step) else { continue }
      switch steps[step] {
      case .match: return true
      case .take: break
      case .jump(let target): open.append(target)
      case .split(let one, let other): open += [other, one]
      case .expect(let assertion): if Self.holds(assertion, at: position, scalars) { open.append(step + 1) }
      }
    }
    return false
  }

  private static func holds(_ assertion: Assertion, at position: Int, _ scalars: [UInt32]) -> Bool {
    func isWord(_ index: Int) -> Bool { scalars.indices.contains(index) && PatternParser.word.contains(scalars[index]) }
    switch assertion {
    case .start: return position == 0
    case .end: return position == scalars.count
    case .wordEdge: return isWord(position - 1) != isWord(position)
    case .notWordEdge: return isWord(position - 1) == isWord(position)
    }
  }

  /// The set of steps that are active at one position.
  private struct Threads {
    private(set) var list: [Int] = []
    private var marks: [Int]
    private var round = 1

    init(count: Int) { marks = Array(repeating: 0, count: count) }

    mutating func insert(_ step: Int) -> Bool {
      guard marks[step] != round else { return false }
      marks[step] = round
      list.append(step)
      return true
    }

    mutating func removeAll() {
      list.removeAll(keepingCapacity: true)
      round += 1
    }
  }
}

/// Parses a pattern into steps.
private struct PatternParser {
  typealias PatternError = TextPattern.PatternError
  typealias ScalarSet = TextPattern.ScalarSet
  typealias Step = TextPattern.Step

  private let text: [UInt32]
  private var position = 0
  private var depth = 0

  init(_ text: String) { self.text = text.unicodeScalars.map(\.value) }

  mutating func whole() throws(PatternError) -> [Step] {
    let steps = try alternatives()
    guard position == text.count else { throw .malformed }
    return steps + [.match]
  }

  private mutating func alternatives() throws(PatternError) -> [Step] {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Limits.expressionDepthMax else { throw .tooLong }
    var steps = try sequence()
    while skip("|") {
      let other = try sequence()
      // Jumps are relative to the start of a fragment until fragments are joined.
      steps =
        [.split(1, steps.count + 2)] + Self.shifted(steps, by: 1) + [.jump(steps.count + 2 + other.count)]
        + Self.shifted(other, by: steps.count + 2)
      try bound(steps)
    }
    return steps
  }

  private mutating func sequence() throws(PatternError) -> [Step] {
    var steps: [Step] = []
    while position < text.count, !isAt("|"), !isAt(")") {
      let atom = try repeated(try atom())
      steps += Self.shifted(atom, by: steps.count)
      try bound(steps)
    }
    return steps
  }

  private mutating func repeated(_ atom: [Step]) throws(PatternError) -> [Step] {
    var least = 1
    var most: Int? = 1
    if skip("*") {
      (least, most) = (0, nil)
    } else if skip("+") {
      (least, most) = (1, nil)
    } else if skip("?") {
      (least, most) = (0, 1)
    } else if isAt("{") {
      guard let counts = try counts() else { return atom }
      (least, most) = counts
    } else {
      return atom
    }
    // Greedy and lazy quantifiers match the same texts.
    _ = skip("?")
    if isAt("*") || isAt("+") || isAt("?") { throw .malformed }
    return try Self.repetition(of: atom, least, most)
  }

  private static func repetition(of atom: [Step], _ least: Int, _ most: Int?) throws(PatternError) -> [Step] {
    let further = most.map { ($0 - least) * (atom.count + 1) } ?? atom.count + 2
    guard least * atom.count + further <= Limits.patternStepsMax else { throw .tooLong }
    var steps: [Step] = []
    for _ in 0..<least { steps += shifted(atom, by: steps.count) }
    guard let most else {
      let start = steps.count
      return steps + [.split(start + 1, start + atom.count + 2)] + shifted(atom, by: start + 1) + [.jump(start)]
    }
    let end = steps.count + (most - least) * (atom.count + 1)
    for _ in least..<most {
      steps.append(.split(steps.count + 1, end))
      steps += shifted(atom, by: steps.count)
    }
    return steps
  }

  /// Reads `{n}`, `{n,}` or `{n,m}`.
  private mutating func counts() throws(PatternError) -> (Int, Int?)? {
    position += 1
    guard let least = number() else { throw .malformed }
    var most: Int? = least
    if skip(",") { most = isAt("}") ? nil : number() }
    guard skip("}"), most.map({ $0 >= least }) ?? true, least <= Limits.patternStepsMax,
      most ?? 0 <= Limits.patternStepsMax
    else { throw .malformed }
    return (least, most)
  }

  private mutating func number() -> Int? {
    let start = position
    var number = 0
    while position < text.count, (0x30...0x39).contains(text[position]) {
      number = min(number * 10 + Int(text[position] - 0x30), Limits.patternStepsMax + 1)
      position += 1
    }
    return position > start ? number : nil
  }

  private mutating func atom() throws(PatternError) -> [Step] {
    let scalar = text[position]
    position += 1
    switch Character(Unicode.Scalar(scalar) ?? " ") {
    case "^": return [.expect(.start)]
    case "$": return [.expect(.end)]
    case ".": return [.take(ScalarSet(ranges: Self.lineEnds, isNegated: true))]
    case "(":
      if skip("?") { guard skip(":") else { throw .notRegular } }
      let inner = try alternatives()
      guard skip(")") else { throw .malformed }
      return inner
    case "[": return [.take(try set())]
    case "\\":
      if skip("b") { return [.expect(.wordEdge)] }
      if skip("B") { return [.expect(.notWordEdge)] }
      return [.take(try escape())]
    case "*", "+", "?", "{", "}", "]": throw .malformed
    default: return [.take(ScalarSet(ranges: [scalar...scalar]))]
    }
  }

  // MARK: Sets

  private static let digit = ScalarSet(ranges: [0x30...0x39])
  static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  private static let space = ScalarSet(ranges: [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  private static let lineEnds: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]

  /// Reads what follows a backslash.
  private mutating func escape() throws(PatternError) -> ScalarSet {
    guard position < text.count else { throw .malformed }
    let scalar = text[position]
    position += 1
    func one(_ scalar: UInt32) -> ScalarSet { ScalarSet(ranges: [scalar...scalar]) }
    switch Character(Unicode.Scalar(scalar) ?? " ") {
    case "d": return Self.digit
    case "D": return ScalarSet(ranges: Self.digit.ranges, isNegated: true)
    case "w": return Self.word
    case "W": return ScalarSet(ranges: Self.word.ranges, isNegated: true)
    case "s": return Self.space
    case "S": return ScalarSet(ranges: Self.space.ranges, isNegated: true)
    case "t": return one(0x09)
    case "n": return one(0x0A)
    case "v": return one(0x0B)
    case "f": return one(0x0C)
    case "r": return one(0x0D)
    case "0": return one(0)
    case "x": return one(try hexadecimal(2))
    case "u": return one(try hexadecimal(4))
    case "1"..."9", "k": throw .notRegular
    case "a"..."z", "A"..."Z": throw .malformed
    default: return one(scalar)
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard position < text.count, text[position] < 0x80, let digit = Hexadecimal.value(of: UInt8(text[position]))
      else { throw .malformed }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func set() throws(PatternError) -> ScalarSet {
    var set = ScalarSet(isNegated: skip("^"))
    while !isAt("]") {
      guard position < text.count else { throw .malformed }
      let low = try member()
      guard isAt("-"), position + 1 < text.count, text[position + 1] != 0x5D else {
        set.ranges += try Self.plain(low)
        continue
      }
      position += 1
      let high = try member()
      guard !low.isNegated, !high.isNegated, low.ranges.count == 1, high.ranges.count == 1,
        low.ranges[0].count == 1, high.ranges[0].count == 1, low.ranges[0].lowerBound <= high.ranges[0].lowerBound
      else { throw .malformed }
      set.ranges.append(low.ranges[0].lowerBound...high.ranges[0].lowerBound)
    }
    position += 1
    return set
  }

  private mutating func member() throws(PatternError) -> ScalarSet {
    if skip("\\") { return skip("b") ? ScalarSet(ranges: [0x08...0x08]) : try escape() }
    guard position < text.count else { throw .malformed }
    defer { position += 1 }
    return ScalarSet(ranges: [text[position]...text[position]])
  }

  /// The ranges of a class inside another one. A negated class is written out as its complement.
  private static func plain(_ set: ScalarSet) throws(PatternError) -> [ClosedRange<UInt32>] {
    guard set.isNegated else { return set.ranges }
    var ranges: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in set.ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { ranges.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    return ranges + [next...0x10FFFF]
  }

  // MARK: Parts

  private func isAt(_ scalar: Unicode.Scalar) -> Bool { position < text.count && text[position] == scalar.value }

  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard isAt(scalar) else { return false }
    position += 1
    return true
  }

  private func bound(_ steps: [Step]) throws(PatternError) {
    guard steps.count <= Limits.patternStepsMax else { throw .tooLong }
  }

  private static func shifted(_ steps: [Step], by offset: Int) -> [Step] {
    steps.map { step in
      switch step {
      case .split(let one, let other): .split(one + offset, other + offset)
      case .jump(let target): .jump(target + offset)
      case .take, .expect, .match: step
      }
    }
  }
}
