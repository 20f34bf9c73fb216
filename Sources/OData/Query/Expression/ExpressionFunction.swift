/// The canonical functions that expressions may call (OData URL Conventions 4.01 sections 5.1.1.5 to 5.1.1.9), by their
/// names in lower case. Adding a function touches this folder only.
public enum ExpressionFunction: String, CaseIterable, Sendable {
  case concat, contains, endswith, indexof, length, startswith, substring
  case tolower, toupper, trim
  case hassubset, hassubsequence
  case date, day, fractionalseconds, hour, maxdatetime, mindatetime, minute, month, now, second, time
  case totaloffsetminutes, totalseconds, year
  case ceiling, floor, round

  /// Functions that OData defines and this server does not support (OData URL Conventions 4.01 sections 5.1.1.10 and
  /// 5.1.1.12).
  static let notOffered: Set<String> = ["case", "cast", "isof"]

  /// The names of all supported functions, sorted.
  public static let offeredNames: [String] = (allCases.map(\.rawValue) + ["matchespattern"]).sorted()

  /// Whether the function compares strings, or collections of strings, with each other.
  var comparesTexts: Bool {
    switch self {
    case .contains, .endswith, .indexof, .startswith, .hassubset, .hassubsequence: true
    case .concat, .length, .substring, .tolower, .toupper, .trim, .date, .day, .fractionalseconds, .hour, .maxdatetime,
      .mindatetime, .minute, .month, .now, .second, .time, .totaloffsetminutes, .totalseconds, .year, .ceiling, .floor,
      .round:
      false
    }
  }

  /// The number of arguments that the function takes.
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

  /// The type of the result for arguments of these types; nil when the function does not take them.
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
      case .boolean, .integer, .double, .string, .date, .timeOfDay, .dateTime, .guid, .enumeration, .complex,
        .collection:
        nil
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
    case .boolean, .integer, .double, .string, .duration, .guid, .enumeration, .complex, .collection: false
    }
  }

  /// The result type of a function that takes strings or collections.
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
    case .tolower, .toupper, .trim, .date, .day, .fractionalseconds, .hour, .maxdatetime, .mindatetime, .minute,
      .month, .now, .second, .time, .totaloffsetminutes, .totalseconds, .year, .ceiling, .floor, .round:
      return nil
    }
  }

  /// The value of a call. Null as soon as one argument is null, and where a member of an open type holds a value that
  /// the function does not take.
  ///
  /// - Throws: `EvaluationError.negativeLength` when `substring` is given a negative length.
  func result(of arguments: [ExpressionValue], now: DateTimeOffset) throws(EvaluationError) -> ExpressionValue {
    guard !arguments.contains(where: \.isNull) else { return .null }
    switch self {
    case .concat, .contains, .endswith, .indexof, .length, .startswith, .substring, .tolower, .toupper, .trim,
      .hassubset, .hassubsequence:
      return try textResult(arguments)
    case .now: return .dateTime(now)
    case .mindatetime: return .dateTime(.earliest)
    case .maxdatetime: return .dateTime(.latest)
    case .date: return arguments[0].instant?.date.map { .date($0) } ?? .null
    case .time: return (arguments[0].instant?.timeOfDay).map { .timeOfDay($0) } ?? .null
    case .totaloffsetminutes: return arguments[0].instant == nil ? .null : .int(0)
    case .year: return arguments[0].day.map { .int(Int64($0.components.year)) } ?? .null
    case .month: return arguments[0].day.map { .int(Int64($0.components.month)) } ?? .null
    case .day: return arguments[0].day.map { .int(Int64($0.components.day)) } ?? .null
    case .hour: return arguments[0].ticksOfDay.map { .int($0 / DateTimeOffset.ticksPerSecond / 3_600) } ?? .null
    case .minute: return arguments[0].ticksOfDay.map { .int($0 / DateTimeOffset.ticksPerSecond / 60 % 60) } ?? .null
    case .second: return arguments[0].ticksOfDay.map { .int($0 / DateTimeOffset.ticksPerSecond % 60) } ?? .null
    case .fractionalseconds: return arguments[0].ticksOfDay.map { .double(Self.fraction(ofTicks: $0)) } ?? .null
    case .totalseconds:
      guard case .duration(let span) = arguments[0] else { return .null }
      return .double(Double(span.ticks) / Double(DateTimeOffset.ticksPerSecond))
    case .ceiling: return Self.rounded(arguments[0], .up)
    case .floor: return Self.rounded(arguments[0], .down)
    case .round: return Self.rounded(arguments[0], .toNearestOrAwayFromZero)
    }
  }

  private static func fraction(ofTicks ticks: Int64) -> Double {
    Double(ticks % DateTimeOffset.ticksPerSecond) / Double(DateTimeOffset.ticksPerSecond)
  }

  private static func rounded(_ value: ExpressionValue, _ rule: FloatingPointRoundingRule) -> ExpressionValue {
    switch value {
    case .int: value
    case .double(let number): .double(number.rounded(rule))
    case .null, .bool, .string, .date, .timeOfDay, .dateTime, .duration, .enumeration, .complex, .collection: .null
    }
  }
}

extension ExpressionType {
  /// Whether a value of this type may be used where an integer is needed.
  fileprivate var isInteger: Bool {
    switch self {
    case .integer, .null, .untyped: true
    case .boolean, .double, .string, .date, .timeOfDay, .dateTime, .duration, .guid, .enumeration, .complex,
      .collection:
      false
    }
  }
}

extension DateTimeOffset {
  /// The earliest instant that can be represented.
  static let earliest = DateTimeOffset(ticks: 0) ?? DateTimeOffset(unixSeconds: 0)
  /// The latest instant that can be represented.
  static let latest = DateTimeOffset(unixSeconds: .max)
}

// MARK: Dates and times

extension ExpressionValue {
  /// The instant, of a value of Edm.DateTimeOffset.
  fileprivate var instant: DateTimeOffset? { if case .dateTime(let instant) = self { instant } else { nil } }

  /// The day in UTC of an instant, or the day itself.
  fileprivate var day: CalendarDate? {
    switch self {
    case .dateTime(let instant): instant.date
    case .date(let date): date
    case .null, .bool, .int, .double, .string, .timeOfDay, .duration, .enumeration, .complex, .collection: nil
    }
  }

  /// Units of 100 ns since midnight in UTC, of an instant or a time of day.
  fileprivate var ticksOfDay: Int64? {
    switch self {
    case .dateTime(let instant): instant.timeOfDay.ticks
    case .timeOfDay(let time): time.ticks
    case .null, .bool, .int, .double, .string, .date, .duration, .enumeration, .complex, .collection: nil
    }
  }
}
