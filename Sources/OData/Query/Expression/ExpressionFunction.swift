/// The functions that expressions may call (OData URL Conventions 4.01 sections 5.1.1.5 to 5.1.1.10). Names are matched
/// in any case. Adding one touches this folder only.
public enum ExpressionFunction: String, CaseIterable, Sendable {
  case concat, contains, endswith, indexof, length, startswith, substring
  case tolower, toupper, trim
  case hassubset, hassubsequence
  case date, day, fractionalseconds, hour, maxdatetime, mindatetime, minute, month, now, second, time
  case totaloffsetminutes, totalseconds, year
  case ceiling, floor, round

  /// Names that OData knows and this server does not offer; they are refused as such.
  static let notOffered: Set<String> = ["case", "cast", "isof"]

  /// The names of all functions that can be called, in order.
  public static let offeredNames: [String] = (allCases.map(\.rawValue) + ["matchespattern"]).sorted()

  /// Whether it compares texts, or collections of texts, with each other.
  var comparesTexts: Bool {
    switch self {
    case .contains, .endswith, .indexof, .startswith, .hassubset, .hassubsequence: true
    case .concat, .length, .substring, .tolower, .toupper, .trim, .date, .day, .fractionalseconds, .hour, .maxdatetime,
      .mindatetime, .minute, .month, .now, .second, .time, .totaloffsetminutes, .totalseconds, .year, .ceiling, .floor,
      .round:
      false
    }
  }

  /// How many arguments it takes.
  var arity: ClosedRange<Int> {
    switch self {
    case .maxdatetime, .mindatetime, .now: 0...0
    case .concat, .contains, .endswith, .indexof, .startswith, .hassubset, .hassubsequence: 2...2
    case .substring: 2...3
    case .length, .tolower, .toupper, .trim, .date, .day, .fractionalseconds, .hour, .minute, .month, .second, .time,
      .totaloffsetminutes, .totalseconds, .year, .ceiling, .floor, .round:
      1...1
    }
  }

  /// The type of the result for arguments of these types; nil when it does not take them.
  func resultType(of arguments: [ExpressionType]) -> ExpressionType? {
    switch self {
    case .concat, .contains, .endswith, .startswith, .indexof, .length, .substring, .hassubset, .hassubsequence:
      textOrCollectionResult(arguments)
    case .tolower, .toupper, .trim: arguments.allSatisfy(\.isString) ? .string : nil
    case .maxdatetime, .mindatetime, .now: .dateTime
    case .date: takes(arguments, dateTime: true) ? .date : nil
    case .time: takes(arguments, dateTime: true) ? .timeOfDay : nil
    case .year, .month, .day: takes(arguments, date: true, dateTime: true) ? .integer : nil
    case .hour, .minute, .second: takes(arguments, time: true, dateTime: true) ? .integer : nil
    case .fractionalseconds: takes(arguments, time: true, dateTime: true) ? .double : nil
    case .totaloffsetminutes: takes(arguments, dateTime: true) ? .integer : nil
    case .totalseconds:
      switch arguments[0] {
      case .duration, .null, .untyped: .double
      default: nil
      }
    case .ceiling, .floor, .round:
      switch arguments[0] {
      case .integer: .integer
      case let type: type.isNumeric ? .double : nil
      }
    }
  }

  private func takes(
    _ arguments: [ExpressionType], date: Bool = false, time: Bool = false, dateTime: Bool = false
  ) -> Bool {
    switch arguments[0] {
    case .date: date
    case .timeOfDay: time
    case .dateTime: dateTime
    case .null, .untyped: true
    default: false
    }
  }

  /// Functions that look at a text by its characters or at a collection by its elements.
  private func textOrCollectionResult(_ arguments: [ExpressionType]) -> ExpressionType? {
    let isOfCollections: Bool
    let subjects = self == .substring ? Array(arguments.prefix(1)) : arguments
    if subjects.allSatisfy(\.isString) {
      isOfCollections = false
    } else {
      let first = subjects[0]
      for subject in subjects {
        guard case .collection = subject, subject.isComparable(with: first) else { return nil }
      }
      isOfCollections = true
    }
    switch self {
    case .contains, .startswith, .endswith: return .boolean
    case .hassubset, .hassubsequence: return isOfCollections ? .boolean : nil
    case .length, .indexof: return .integer
    case .substring:
      guard arguments.dropFirst().allSatisfy(\.isInteger) else { return nil }
      return isOfCollections ? arguments[0] : .string
    case .concat: return isOfCollections ? arguments[0] : .string
    default: return nil
    }
  }

  /// The result; null as soon as an argument is null.
  func result(of arguments: [ExpressionValue], now: DateTimeOffset) throws(EvaluationError) -> ExpressionValue {
    guard !arguments.contains(where: \.isNull) else { return .null }
    switch self {
    case .now: return .dateTime(now)
    case .mindatetime: return .dateTime(.earliest)
    case .maxdatetime: return .dateTime(.latest)
    case .ceiling: return Self.rounded(arguments[0], .up)
    case .floor: return Self.rounded(arguments[0], .down)
    case .round: return Self.rounded(arguments[0], .toNearestOrAwayFromZero)
    case .totalseconds:
      guard case .duration(let span) = arguments[0] else { return .null }
      return .double(Double(span.ticks) / Double(DateTimeOffset.ticksPerSecond))
    case .date, .day, .fractionalseconds, .hour, .minute, .month, .second, .time, .totaloffsetminutes, .year:
      return timeResult(arguments[0])
    case .concat, .contains, .endswith, .indexof, .length, .startswith, .substring, .tolower, .toupper,
      .trim, .hassubset, .hassubsequence:
      return try textResult(arguments)
    }
  }

  private static func rounded(_ value: ExpressionValue, _ rule: FloatingPointRoundingRule) -> ExpressionValue {
    switch value {
    case .int: value
    case .double(let number): .double(number.rounded(rule))
    default: .null
    }
  }
}

extension ExpressionType {
  /// What can stand where a whole number is needed.
  fileprivate var isInteger: Bool {
    switch self {
    case .integer, .null, .untyped: true
    default: false
    }
  }
}

extension DateTimeOffset {
  /// The first instant that can be written.
  static let earliest = DateTimeOffset(ticks: 0) ?? DateTimeOffset(unixSeconds: 0)
  /// The last instant that can be written.
  static let latest = DateTimeOffset(unixSeconds: .max)
}

// MARK: Dates and times

extension ExpressionFunction {
  /// A part of an instant in UTC, of a day, or of a time of day.
  fileprivate func timeResult(_ value: ExpressionValue) -> ExpressionValue {
    switch value {
    case .dateTime(let instant):
      switch self {
      case .date: return instant.date.map { .date($0) } ?? .null
      case .time: return .timeOfDay(instant.timeOfDay)
      case .totaloffsetminutes: return .int(0)
      case .year, .month, .day: return instant.date.map(dayPart) ?? .null
      default: return timePart(instant.timeOfDay)
      }
    case .date(let date): return dayPart(date)
    case .timeOfDay(let time): return timePart(time)
    default: return .null
    }
  }

  private func dayPart(_ date: CalendarDate) -> ExpressionValue {
    let (year, month, day) = date.components
    switch self {
    case .year: return .int(Int64(year))
    case .month: return .int(Int64(month))
    case .day: return .int(Int64(day))
    default: return .null
    }
  }

  private func timePart(_ time: TimeOfDay) -> ExpressionValue {
    let seconds = time.ticks / DateTimeOffset.ticksPerSecond
    switch self {
    case .hour: return .int(seconds / 3_600)
    case .minute: return .int(seconds / 60 % 60)
    case .second: return .int(seconds % 60)
    case .fractionalseconds:
      return .double(Double(time.ticks % DateTimeOffset.ticksPerSecond) / Double(DateTimeOffset.ticksPerSecond))
    default: return .null
    }
  }
}
