/// A signed span of time in units of 100 ns (Edm.Duration, OData CSDL 4.01 section 3.3).
public struct Duration100ns: Hashable, Comparable, Sendable {
  /// Units of 100 ns, negative for a negative span.
  public let ticks: Int64

  /// Whether the left span is the smaller one.
  public static func < (left: Self, right: Self) -> Bool { left.ticks < right.ticks }
}

extension Duration100ns {
  /// Reads `[-]P[nD][T[nH][nM][n[.n]S]]` in ASCII (OData ABNF `durationValue`); nil for anything else, and beyond
  /// 10,000 years.
  init?(_ text: some Sequence<UInt8>) {
    var rest = Array(text)[...]
    var sign: Int64 = 1
    if rest.first == UInt8(ascii: "-") {
      sign = -1
      rest.removeFirst()
    }
    guard rest.popFirst() == UInt8(ascii: "P") else { return nil }
    var sum: Int64 = 0
    var isEmpty = true
    func take(_ unit: Character, _ seconds: Int64) -> Bool {
      let digits = rest.prefix(while: OptionParser.isDigit)
      guard !digits.isEmpty, digits.count <= 12, rest.dropFirst(digits.count).first == unit.asciiValue,
        let number = Int64(String(decoding: digits, as: UTF8.self))
      else { return true }
      rest = rest.dropFirst(digits.count + 1)
      isEmpty = false
      return Self.add(number, times: seconds * DateTimeOffset.ticksPerSecond, to: &sum)
    }
    guard take("D", 86_400) else { return nil }
    if rest.first == UInt8(ascii: "T") {
      rest.removeFirst()
      isEmpty = true
      guard take("H", 3_600), take("M", 60), Self.takeSeconds(&rest, &sum, &isEmpty) else { return nil }
    }
    guard rest.isEmpty, !isEmpty else { return nil }
    ticks = sign * sum
  }

  private static func takeSeconds(_ rest: inout ArraySlice<UInt8>, _ sum: inout Int64, _ isEmpty: inout Bool) -> Bool {
    guard !rest.isEmpty else { return true }
    guard rest.last == UInt8(ascii: "S") else { return false }
    let parts = rest.dropLast().split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, (1...12).contains(whole.count),
      let number = Int64(String(decoding: whole, as: UTF8.self)),
      whole.allSatisfy(OptionParser.isDigit),
      add(number, times: DateTimeOffset.ticksPerSecond, to: &sum)
    else { return false }
    rest = []
    isEmpty = false
    guard parts.count == 2 else { return true }
    guard !parts[1].isEmpty, parts[1].allSatisfy(OptionParser.isDigit) else {
      return false
    }
    var unit = DateTimeOffset.ticksPerSecond
    for digit in parts[1].prefix(7) {
      unit /= 10
      sum += Int64(digit - UInt8(ascii: "0")) * unit
    }
    return true
  }

  private static let ticksMax = 10_000 * 366 * 86_400 * DateTimeOffset.ticksPerSecond

  private static func add(_ number: Int64, times unit: Int64, to sum: inout Int64) -> Bool {
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow, product <= ticksMax, sum + product <= ticksMax else { return false }
    sum += product
    return true
  }
}
