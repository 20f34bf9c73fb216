/// A time of day, exact to 100 ns (Edm.TimeOfDay, OData CSDL 4.01 section 3.3).
public struct TimeOfDay: Hashable, Comparable, Sendable {
  /// Units of 100 ns since midnight.
  public let ticks: Int64

  /// Whether the left time is the earlier one.
  public static func < (left: Self, right: Self) -> Bool { left.ticks < right.ticks }
}

extension TimeOfDay {
  /// Reads `hh:mm[:ss[.fffffff]]` in ASCII (OData ABNF `timeOfDayValue`); nil for anything else.
  init?(_ text: some Sequence<UInt8>) {
    var reader = DigitReader(text)
    guard let ticks = DateTimeOffset.readTimeOfDay(&reader), reader.isAtEnd else { return nil }
    self.ticks = ticks
  }
}
