/// An instant, exact to 100 ns, years 1 to 9999 (Edm.DateTimeOffset, OData CSDL 4.01 section 3.3).
///
/// Any offset from UTC is read, but only the instant is kept: text is always written in UTC, with at most seven digits
/// of a second, as Graph writes it.
public struct DateTimeOffset: Hashable, Comparable, CustomStringConvertible, Sendable {
  /// Units of 100 ns since 0001-01-01T00:00:00Z.
  public let ticks: Int64

  /// Ticks of 100 ns in one second.
  public static let ticksPerSecond: Int64 = 10_000_000
  /// `ticks` of 1970-01-01T00:00:00Z.
  public static let unixEpochTicks: Int64 = 621_355_968_000_000_000

  private static let ticksPerDay = 86_400 * ticksPerSecond
  private static let ticksMax = 3_652_059 * ticksPerDay - 1

  /// The instant `ticks` units of 100 ns after 0001-01-01T00:00:00Z; nil outside the years 1 to 9999.
  public init?(ticks: Int64) {
    guard (0...Self.ticksMax).contains(ticks) else { return nil }
    self.ticks = ticks
  }

  /// The instant so many seconds and nanoseconds after 1970-01-01T00:00:00Z, clamped to the years 1 to 9999.
  public init(unixSeconds: Int64, nanoseconds: Int64 = 0) {
    let (scaled, overflow) = unixSeconds.multipliedReportingOverflow(by: Self.ticksPerSecond)
    let seconds = overflow ? (unixSeconds < 0 ? -Self.ticksMax : Self.ticksMax) : scaled
    let (sum, tooLarge) = seconds.addingReportingOverflow(Self.unixEpochTicks + nanoseconds / 100)
    ticks = min(max(tooLarge ? Self.ticksMax : sum, 0), Self.ticksMax)
  }

  /// Why a text is no instant.
  public enum ParseError: Error, Equatable, Sendable {
    /// The text is a date and a time without an offset from UTC.
    case missingOffset
    /// The text is something else.
    case malformed
  }

  /// Reads `YYYY-MM-DDThh:mm[:ss[.fffffff]](Z|±hh:mm)` in ASCII (OData ABNF `dateTimeOffsetValue`). Digits of a second
  /// beyond the seventh are dropped.
  ///
  /// - Throws: `ParseError.missingOffset` when the text ends after the time, `ParseError.malformed` when it is anything
  ///   else.
  public init(_ text: some Sequence<UInt8>) throws(ParseError) {
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.skip(UInt8(ascii: "-")), let month = reader.number(2),
      reader.skip(UInt8(ascii: "-")), let day = reader.number(2),
      let date = CalendarDate(year: year, month: month, day: day), reader.skip(UInt8(ascii: "T")),
      let ofDay = Self.readTimeOfDay(&reader)
    else { throw .malformed }
    if reader.isAtEnd { throw .missingOffset }
    guard let offsetMinutes = Self.readOffset(&reader), reader.isAtEnd else { throw .malformed }
    let local = Int64(date.dayNumber) * Self.ticksPerDay + ofDay
    guard let value = Self(ticks: local - Int64(offsetMinutes) * 60 * Self.ticksPerSecond) else { throw .malformed }
    self = value
  }

  /// Whether the left instant is the earlier one.
  public static func < (left: Self, right: Self) -> Bool { left.ticks < right.ticks }

  /// Whether the two are less than 1 ms apart. Official clients truncate seven digits of a second to six, so an echoed
  /// time may differ by that much.
  public func isClose(to other: Self) -> Bool { abs(ticks - other.ticks) < Self.ticksPerSecond / 1_000 }

  /// The instant as `YYYY-MM-DDThh:mm:ss[.fffffff]Z`, without trailing zeros of the fraction.
  public var description: String { String(decoding: utf8, as: UTF8.self) }

  /// `description` in ASCII.
  public var utf8: [UInt8] {
    var text = utf8WithoutFraction
    var fraction = Int(ticks % Self.ticksPerSecond)
    if fraction > 0 {
      var width = 7
      while fraction % 10 == 0 {
        fraction /= 10
        width -= 1
      }
      text.append(UInt8(ascii: "."))
      text.appendDigits(fraction, width: width)
    }
    text.append(UInt8(ascii: "Z"))
    return text
  }

  /// The instant as `YYYY-MM-DDThh:mm:ss` in ASCII: the form of `date` in Graph's inner errors.
  public var utf8WithoutFraction: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(28)
    CalendarDate(dayNumber: Int(ticks / Self.ticksPerDay))?.append(to: &text)
    let seconds = Int(ticks % Self.ticksPerDay / Self.ticksPerSecond)
    text.append(UInt8(ascii: "T"))
    text.appendTwoDigits(seconds / 3_600)
    text.append(UInt8(ascii: ":"))
    text.appendTwoDigits(seconds / 60 % 60)
    text.append(UInt8(ascii: ":"))
    text.appendTwoDigits(seconds % 60)
    return text
  }

  /// Whole seconds since 1970-01-01T00:00:00Z, rounded toward zero.
  public var unixSeconds: Int64 { (ticks - Self.unixEpochTicks) / Self.ticksPerSecond }

  /// Reads `hh:mm[:ss[.fffffff]]` as units of 100 ns since midnight; nil when it is malformed.
  static func readTimeOfDay(_ reader: inout DigitReader) -> Int64? {
    guard let hour = reader.number(2), hour < 24, reader.skip(UInt8(ascii: ":")), let minute = reader.number(2),
      minute < 60
    else { return nil }
    var ticks = Int64(hour * 3_600 + minute * 60) * ticksPerSecond
    guard reader.skip(UInt8(ascii: ":")) else { return ticks }
    guard let second = reader.number(2), second < 60 else { return nil }
    ticks += Int64(second) * ticksPerSecond
    guard reader.skip(UInt8(ascii: ".")) else { return ticks }
    var unit = ticksPerSecond / 10
    guard let first = reader.digit() else { return nil }
    ticks += Int64(first) * unit
    while let digit = reader.digit() {
      unit /= 10
      ticks += Int64(digit) * unit
    }
    return ticks
  }

  /// Reads `Z` or `±hh:mm` as minutes east of UTC, at most 14 hours either way; nil when it is malformed.
  private static func readOffset(_ reader: inout DigitReader) -> Int? {
    if reader.skip(UInt8(ascii: "Z")) { return 0 }
    let sign: Int
    if reader.skip(UInt8(ascii: "+")) {
      sign = 1
    } else if reader.skip(UInt8(ascii: "-")) {
      sign = -1
    } else {
      return nil
    }
    guard let hours = reader.number(2), reader.skip(UInt8(ascii: ":")), let minutes = reader.number(2),
      minutes < 60, hours * 60 + minutes <= 14 * 60
    else { return nil }
    return sign * (hours * 60 + minutes)
  }
}
