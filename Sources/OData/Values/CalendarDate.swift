/// A day of the proleptic Gregorian calendar, years 1 to 9999 (Edm.Date, OData CSDL 4.01 section 3.3).
public struct CalendarDate: Hashable, Comparable, CustomStringConvertible, Sendable {
  /// Days since 0001-01-01, which is day 0.
  public let dayNumber: Int

  /// The day that lies `dayNumber` days after 0001-01-01; nil outside the years 1 to 9999.
  public init?(dayNumber: Int) {
    guard (0...Self.dayNumberMax).contains(dayNumber) else { return nil }
    self.dayNumber = dayNumber
  }

  /// The day with this year, month (from 1) and day of the month (from 1); nil when the calendar has no such day.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    guard (1...Self.daysInMonth(month, ofYear: year)).contains(day) else { return nil }
    dayNumber = Self.daysBefore(year: year, month: month) + day - 1
  }

  /// Reads exactly `YYYY-MM-DD` in ASCII (OData ABNF `dateValue`); nil for anything else.
  public init?(_ text: some Sequence<UInt8>) {
    var digits = DigitReader(text)
    guard let year = digits.number(4), digits.skip(UInt8(ascii: "-")), let month = digits.number(2),
      digits.skip(UInt8(ascii: "-")), let day = digits.number(2), digits.isAtEnd
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// Whether the left day is the earlier one.
  public static func < (left: Self, right: Self) -> Bool { left.dayNumber < right.dayNumber }

  /// The day as `YYYY-MM-DD`.
  public var description: String { String(decoding: utf8, as: UTF8.self) }

  /// The day as `YYYY-MM-DD` in ASCII.
  public var utf8: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(10)
    append(to: &text)
    return text
  }

  /// Appends `YYYY-MM-DD`.
  func append(to text: inout [UInt8]) {
    let (year, month, day) = components
    text.appendTwoDigits(year / 100)
    text.appendTwoDigits(year % 100)
    text.append(UInt8(ascii: "-"))
    text.appendTwoDigits(month)
    text.append(UInt8(ascii: "-"))
    text.appendTwoDigits(day)
  }

  /// The year, the month (from 1) and the day of the month (from 1).
  public var components: (year: Int, month: Int, day: Int) {
    // Count years from March, so that the leap day is the last day of its year.
    let shifted = dayNumber + 306
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static let dayNumberMax = 3_652_058

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func daysInMonth(_ month: Int, ofYear year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysBefore(year: Int, month: Int) -> Int {
    let years = year - 1
    let cumulative = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    let leapDay = month > 2 && isLeap(year) ? 1 : 0
    return years * 365 + years / 4 - years / 100 + years / 400 + cumulative[month - 1] + leapDay
  }
}

/// Reads numbers of fixed width, and the separators between them, from a short ASCII text.
struct DigitReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ text: some Sequence<UInt8>) { bytes = Array(text) }

  /// Whether the whole text is read.
  var isAtEnd: Bool { index == bytes.count }
  /// The next byte; nil at the end.
  var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// A number of exactly `width` digits.
  mutating func number(_ width: Int) -> Int? {
    guard index + width <= bytes.count else { return nil }
    var value = 0
    for place in index..<(index + width) {
      guard let digit = Self.digit(bytes[place]) else { return nil }
      value = value * 10 + digit
    }
    index += width
    return value
  }

  /// The next digit, if the next character is one.
  mutating func digit() -> Int? {
    guard let byte = next, let digit = Self.digit(byte) else { return nil }
    index += 1
    return digit
  }

  /// Steps over `byte` in either case; false when something else stands there.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard let next, next == byte || (byte >= UInt8(ascii: "A") && next == byte | 0x20) else { return false }
    index += 1
    return true
  }

  private static func digit(_ byte: UInt8) -> Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
  }
}

extension [UInt8] {
  /// Appends a number from 0 to 99 as two digits.
  mutating func appendTwoDigits(_ value: Int) {
    append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
    append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
  }

  /// Appends a non-negative number as `width` digits, with leading zeros.
  mutating func appendDigits(_ value: Int, width: Int) {
    var divisor = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }
}
