import OData
import Testing

@Suite("CalendarDate")
struct CalendarDateTests {
  /// The next day, computed by the rules of the calendar alone.
  private static func next(_ year: Int, _ month: Int, _ day: Int) -> (Int, Int, Int) {
    let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if day < lengths[month - 1] { return (year, month, day + 1) }
    return month < 12 ? (year, month + 1, 1) : (year + 1, 1, 1)
  }

  private static func text(_ year: Int, _ month: Int, _ day: Int) -> [UInt8] {
    func digits(_ value: Int, _ divisors: [Int]) -> [UInt8] { divisors.map { UInt8(48 + value / $0 % 10) } }
    return digits(year, [1000, 100, 10, 1]) + [45] + digits(month, [10, 1]) + [45] + digits(day, [10, 1])
  }

  @Test("Every day of the years 1 to 9999 is written and read back correctly")
  func everyDay() {
    var (year, month, day) = (1, 1, 1)
    var number = 0
    while year <= 9999 {
      let expected = Self.text(year, month, day)
      guard let date = CalendarDate(dayNumber: number), date.utf8 == expected,
        CalendarDate(expected)?.dayNumber == number
      else {
        Issue.record("Day \(number) is \(String(decoding: expected, as: UTF8.self)) and came out otherwise")
        return
      }
      number += 1
      (year, month, day) = Self.next(year, month, day)
    }
    #expect(number == 3_652_059)
    #expect(CalendarDate(dayNumber: number) == nil)
    #expect(CalendarDate(dayNumber: -1) == nil)
  }

  @Test("Days that do not exist are refused")
  func missingDays() {
    for year in 1...9999 {
      let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      #expect((CalendarDate(year: year, month: 2, day: 29) != nil) == isLeap)
    }
    for text in [
      "0000-01-01", "10000-01-01", "2024-04-31", "2024-13-01", "2024-1-01", "", "2024-01-01 ", "2024-01-01T",
    ] {
      #expect(CalendarDate(text.utf8) == nil, "\(text)")
    }
  }
}
