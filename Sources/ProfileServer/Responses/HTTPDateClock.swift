public import OData

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The clock of the operating system.
public enum SystemClock {
  /// The time now, exact to 100 ns.
  public static func now() -> DateTimeOffset {
    // Accessed as the two words of `timespec`, because which C module declares its members depends on the order of
    // loading.
    var time = (seconds: 0, nanoseconds: 0)
    withUnsafeMutablePointer(to: &time) { words in
      words.withMemoryRebound(to: timespec.self, capacity: 1) { _ = clock_gettime(CLOCK_REALTIME, $0) }
    }
    return DateTimeOffset(unixSeconds: Int64(time.seconds), nanoseconds: Int64(time.nanoseconds))
  }
}

/// The `Date` of responses (RFC 9110 section 6.6.1), formatted once a second. Owned by one event loop.
struct HTTPDateClock {
  private var second: Int64 = -1
  private var text = ""

  /// The time now.
  func now() -> DateTimeOffset { SystemClock.now() }

  /// The time now as an IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  mutating func httpDate() -> String {
    let now = SystemClock.now()
    guard now.unixSeconds != second else { return text }
    second = now.unixSeconds
    text = Self.format(now)
    return text
  }

  /// A time as an IMF-fixdate (RFC 9110 section 5.6.7).
  static func format(_ instant: DateTimeOffset) -> String {
    let days = Int(instant.ticks / (86_400 * DateTimeOffset.ticksPerSecond))
    guard let date = CalendarDate(dayNumber: days) else { return "" }
    let (year, month, day) = date.components
    let time = String(decoding: instant.utf8WithoutFraction.suffix(8), as: UTF8.self)
    // 0001-01-01 was a Monday.
    let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][days % 7]
    let monthName = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][month - 1]
    return "\(weekday), \(padded(day, 2)) \(monthName) \(padded(year, 4)) \(time) GMT"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
