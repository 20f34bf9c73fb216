import Fixtures
import OData
import Testing

/// The date and date-time cases of JSON Schema's test suite, which follow RFC 3339.
@Suite("JSON Schema formats")
struct FormatSuiteTests {
  /// The cases in which OData's ABNF and RFC 3339 differ, with the reason.
  private static let exceptions: [String: String] = [
    "1998-12-31T23:59:60Z": "OData's second goes from 00 to 59: Edm.DateTimeOffset knows no leap seconds",
    "1998-12-31T15:59:60.123-08:00": "the same leap second in another offset",
  ]

  /// The string cases of a file. RFC 3339 says nothing about other values.
  private static func cases(_ file: String) throws -> [(text: String, isValid: Bool)]? {
    guard let json = try SharedFolder.json("odata/suites/json-schema-formats/\(file)") else { return nil }
    let groups = try #require(json as? [[String: Any]])
    return groups.flatMap { $0["tests"] as? [[String: Any]] ?? [] }.compactMap { test in
      guard let text = test["data"] as? String, let isValid = test["valid"] as? Bool else { return nil }
      return (text, isValid)
    }
  }

  @Test("Every date-time case of the suite has its outcome, except the listed ones")
  func dateTimes() throws {
    var used: Set<String> = []
    guard let cases = try Self.cases("date-time.json") else { return }
    for (text, isValid) in cases {
      let isRead = (try? DateTimeOffset(text.utf8)) != nil
      if Self.exceptions[text] != nil {
        used.insert(text)
        #expect(isValid && !isRead, "\(text) is no exception any more")
      } else {
        #expect(isRead == isValid, "\(text)")
      }
    }
    #expect(cases.count == 27)
    #expect(used == Set(Self.exceptions.keys))
  }

  @Test("Every date case of the suite has its outcome")
  func dates() throws {
    guard let cases = try Self.cases("date.json") else { return }
    for (text, isValid) in cases {
      #expect((CalendarDate(text.utf8) != nil) == isValid, "\(text)")
    }
    #expect(cases.count == 75)
  }
}
