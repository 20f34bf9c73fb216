import Testing

@testable import OData

/// Queries on entities whose type compares strings without regard to case.
@Suite("Queries without regard to case")
struct CaselessQueryTests {
  private static let now = DateTimeOffset(unixSeconds: 1_600_000_000)
  private static let person = TestModel.type("person")

  private static let zoe: StructuredValue = {
    let json = #"""
      {"id":"Zoë","name":"Zoë STRASSE","nicknames":["Zo","ΣΟΦΟΣ"],"home":{"city":"ZÜRICH","street":"West","wing":"East"},
      "badge":"home","note":"a\nB\tc"}
      """#
    var value = StructuredValue(of: person)
    guard let patch = try? EntityReader(.importing, dialect: .strict).read(Array(json.utf8), as: person) else {
      preconditionFailure("The sample is not a person")
    }
    _ = patch.apply(to: &value, of: person)
    return value
  }()

  private static func options(_ query: String) throws -> QueryOptions {
    try QueryOptions(query.utf8, of: person, supporting: .list)
  }

  private static func holds(_ filter: String) throws -> Bool? {
    try options("$filter=\(filter)").filter?.isSatisfied(by: zoe, now: now)
  }

  @Test(
    "Every operator, function and lambda compares folded strings",
    arguments: [
      "name eq 'ZOË straße'", "'zoe\u{308} STRASSE' eq name", "not (name ne 'zoë strasse')",
      "name in ('x','ZOË Straße')",
      "name in [\"x\",\"ZOË Straße\"]", "'zo' in nicknames", "name ge 'ZOË STRASSE'", "name le 'ZOË STRASSE'",
      "name gt 'ZOË STRASS'", "name lt 'ZOËA'", "startswith(name,'zOË')", "endswith(name,'Straße')",
      "contains(name,'Ë s')", "indexof(name,'STRAßE') eq 4", "nicknames/any(n:n eq 'σοφος')",
      "nicknames/all(n:contains(n,'O') or startswith(n,'Σ'))", "nicknames/any(n:n in ('ZO'))",
      "hassubset(nicknames,[\"ZO\"])", "hassubsequence(nicknames,[\"zO\",\"σοφοΣ\"])",
      "contains(nicknames,[\"σοφος\"])",
      "nicknames eq [\"ZO\",\"σοφοσ\"]", "home/city eq 'zürich'", "home/wing eq 'EAST'",
      "toupper(name) eq 'zoë strasse'", "tolower(name) eq 'ZOË STRASSE'", "concat(name,'X') eq 'zoë straßex'",
      "substring(name,0,3) eq 'ZOË'", "trim(name) eq 'zoë strasse'", "name eq @n&@n='zoë STRASSE'",
      "name ne null and name eq tolower(name)", "length(name) eq 11", "badge eq 'HOME'",
    ])
  func folded(filter: String) throws {
    #expect(try Self.holds(filter) == true)
  }

  @Test(
    "Keys, patterns and entities of other types are compared exactly",
    arguments: [
      "id eq 'zoë'", "id in ('ZOË')", "startswith(id,'z')", "id eq 'Zoe\u{308}'", "matchespattern(name,'^zoë')",
      "name eq 'zoe strasse'",
    ])
  func exact(filter: String) throws {
    #expect(try Self.holds(filter) == false)
    let phone = TestModel.type("phone")
    let other = try QueryOptions("$filter=number eq 'A'".utf8, of: phone, supporting: .list).filter
    var value = StructuredValue(of: phone)
    value.members[1] = .string("a")
    #expect(try other?.isSatisfied(by: value, now: Self.now) == false)
  }

  @Test("Strings are ordered by their folded bytes, keys by their own")
  func order() throws {
    func names(_ names: [String], by key: String) throws -> [String] {
      let ordering = try #require(try Self.options("$orderby=\(key)").ordering)
      let places = try names.map { name in
        var value = Self.zoe
        value.members[0] = .string(name)
        value.members[1] = .string(name)
        return (try ordering.position(of: value, id: name, now: Self.now), name)
      }
      return places.sorted { ordering.precedes($0.0, $1.0) }.map(\.1)
    }
    let sample = ["b", "A", "Ab", "B", "a", "ÄB", "äa"]
    #expect(try names(sample, by: "name") == ["A", "a", "Ab", "B", "b", "äa", "ÄB"])
    #expect(try names(sample, by: "name desc").first == "ÄB")
    #expect(try names(sample, by: "id") == ["A", "Ab", "B", "a", "b", "ÄB", "äa"])
    #expect(try names(sample, by: "concat(name,'x')") == ["Ab", "A", "a", "B", "b", "äa", "ÄB"])
  }

  @Test("Anything that can be stored can be queried: literals hold control characters, and tabs separate tokens")
  func controlCharacters() throws {
    for filter in [
      "note eq 'a%0Ab%09C'", "contains(note,'%0A')", "note%09eq%09'A%0AB%09c'", "not%09(note%09eq%09null)",
      "%09(note eq%20'a%0Ab%09c')%09and%09(true)%09", "note in%09(%09'x'%09,%09'a%0ab%09c'%09)",
      "nicknames/any(%09n%09:%09n%09eq%09'zo'%09)", "startswith(%09note%09,%09'a%0A'%09)", "note ne '%7F%01%C2%85'",
    ] { #expect(try Self.holds(filter) == true, "\(filter)") }
    #expect(try Self.options("$orderby=%09name%09desc%09,%09note%09").ordering?.keys.count == 2)
    let search = try #require(try Self.options("$search=%22a%0AB%22%09AND%09zoë").search)
    #expect(search.matches(Self.zoe, of: Self.person))
    // A line feed is a character, but it does not separate tokens.
    #expect(throws: QueryError.self) { try Self.options("$filter=note%0Aeq%0A'a'") }
    for text in ["%00", "a%00", "%FF", "%C3%28"] {
      #expect(throws: QueryError.malformedEncoding) { try Self.options("$filter=note eq '\(text)'") }
    }
    #expect(QueryError.malformedEncoding.message.contains("NUL"))
  }

  @Test(
    "Search operators are whole words in upper case; everything else is a word to find",
    arguments: [
      ("zoë or", false), ("zoë straße", true), ("west OR or", true), ("zoë Or", false), ("(zoë or)", false),
      ("route OR-7", false), ("OR-7 OR west", true), ("ORANGE OR west", true), ("zoë ANDROID", false),
      ("NOTE", false), ("NOT note", true), ("NOT west", false), ("NOT(west)", false), ("zoë AND(west)", true),
      ("(zoë)AND(west)", true), ("\"zoë\"OR\"x\"", true), ("(west)(zoë)", true), ("zoë NOT x", true),
      ("zoë AND NOT west", false), ("ΣΟΦΌΣ OR σοφοσ", true), ("not", false), ("and OR zo", true),
      ("x OR y OR zo", true),
      ("x OR zo AND y", false), ("zoe\u{308}", true), ("\"name:ZOE\u{308} str\"", true), ("\"home:west\"", true),
    ])
  func search(text: String, expected: Bool) throws {
    let search = try #require(try Self.options("$search=\(text)").search)
    #expect(search.matches(Self.zoe, of: Self.person) == expected)
  }

  @Test(
    "A malformed search is refused",
    arguments: [
      "AND", "OR", "NOT", "zoë AND", "zoë OR", "OR zoë", "AND zoë", "a AND OR b", "NOT NOT", "(zoë", "zoë)", "()",
      "\"a\"b", "a\"b\"",
      "\"a", "\"\"",
      "a OR (b AND)", "",
    ])
  func malformed(text: String) {
    #expect(throws: QueryError.self) { try Self.options("$search=\(text)") }
  }

  @Test("Folding counts toward the cost of an expression, and strings beyond ASCII cost more")
  func work() throws {
    var long = Self.zoe
    let filter = try #require(try Self.options("$filter=name eq 'x' or name eq 'y'").filter)
    let bytes = Limits.expressionWorkMax / ExpressionScope.foldingCost / 2
    long.members[1] = .string(String(repeating: "ß", count: bytes / 2 - 100))
    #expect(try !filter.isSatisfied(by: long, now: Self.now))
    long.members[1] = .string(String(repeating: "ß", count: bytes / 2 + 100))
    #expect(throws: EvaluationError.tooCostly) { try filter.isSatisfied(by: long, now: Self.now) }
    long.members[1] = .string(String(repeating: "s", count: bytes + 200))
    #expect(try !filter.isSatisfied(by: long, now: Self.now))
  }
}
