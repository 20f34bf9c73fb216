import Fixtures
import Foundation
import OData
import Testing

@testable import OData

/// The parser against test suites of other projects. Every case of a rule that the server claims is run, or excluded
/// with a reason that is given here. The cases use other models, so this tests the grammar only.
@Suite("Query suites")
struct QuerySuitesTests {
  /// Parts of the grammar that the server does not claim. Each is refused with 501 or 400, never ignored.
  private static let unclaimed: [(reason: String, pattern: String)] = [
    ("geographic values", #"(?i)geo(graphy|metry|\.)"#),
    ("binary values", "(?i)binary'"),
    ("object literals", #"\{|%7B"#),
    (
      "keys within expressions",
      #"\([A-Za-z0-9]+=[^)]*\)/|[A-Za-z](\(|%28)([A-Za-z0-9]+=|\d+(\)|%29)|'|%27)[^,]*(\)|%29)/|^Items\(1\)$"#
    ),
    (
      "bound functions within paths",
      #"/[A-Za-z0-9_.]+(\(|%28)(?<!any\()(?<!all\()(?<!any%28)(?<!all%28)|\$count(\(|%28)"#
    ),
    ("functions and casts of other namespaces", #"(?<!')[A-Za-z0-9]+\.[A-Za-z0-9_.]+\("#),
    ("annotations within paths", "/@|(^|=)@[A-Za-z]+[./]"),
    ("a tab, which no request target can hold", "\\t"),
    ("filter segments", #"/\$filter"#),
    ("casts, type checks and case", #"(?i)\b(cast|isof|case)(\(|%28)"#),
  ]

  private struct Tally {
    var run = 0
    var leftOut: [String: Int] = [:]
  }

  private static func reason(_ input: String) -> String? {
    unclaimed.first { input.range(of: $0.pattern, options: .regularExpression) != nil }?.reason
  }

  private static func parses(_ text: String, _ rule: (inout OptionParser) throws(QueryError) -> Void) -> Bool {
    guard let decoded = PercentEncoding.decode(Array(text.utf8)) else { return false }
    var parser = OptionParser("$filter", decoded)
    do throws(QueryError) {
      try parser.whole { parser throws(QueryError) in try rule(&parser) }
      return true
    } catch {
      return false
    }
  }

  private static func isExpression(_ text: String) -> Bool {
    parses(text) { parser throws(QueryError) in _ = try parser.expression() }
  }

  @Test("The expressions, orders and searches of the OASIS ABNF test cases are parsed or refused as they say")
  func abnf() throws {
    guard let suite = try SharedFolder.json("odata/suites/odata-abnf/odata-abnf-testcases.json") as? [String: Any],
      let cases = suite["cases"] as? [[String: Any]]
    else {
      Issue.record("The suite is not there")
      return
    }
    var tally = Tally()
    for entry in cases {
      guard let rule = entry["rule"] as? String, let input = entry["input"] as? String,
        let isValid = entry["valid"] as? Bool
      else { continue }
      if let reason = Self.reason(rule, input, isValid) {
        tally.leftOut[reason, default: 0] += 1
        continue
      }
      guard let verdict = Self.check(of: rule)?(input) ?? Self.options(in: input, rule) else {
        tally.leftOut["\(rule): not about expressions, or bound to names of its model", default: 0] += 1
        continue
      }
      tally.run += 1
      #expect(verdict == isValid, "\(rule): \(input)")
    }
    #expect(tally.run >= 270, "\(tally.run)")
    #expect(tally.run + tally.leftOut.values.reduce(0, +) == cases.count)
    let shown = tally.leftOut.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }
    print("odata-abnf: \(tally.run) of \(cases.count) run; left out:\n\(shown.joined(separator: "\n"))")
  }

  private static func reason(_ rule: String, _ input: String, _ isValid: Bool) -> String? {
    // The rule depends on its context, which the checker knows and the parser does not.
    if !isValid, contextual.contains(input) { return "refused by the checker, not by the grammar" }
    if isValid, input.hasSuffix(" in ()") { return "an empty list, which is an error up to OData 4.01" }
    // The type cannot represent years beyond 1 to 9999 and leap seconds.
    if rule.lowercased().contains("date"),
      input.contains(":60Z") || input.hasPrefix("0000-") || input.hasPrefix("-10000-")
    {
      return "instants beyond the range of Edm.DateTimeOffset here"
    }
    // Percent-encoding is decoded before a value is parsed, whatever the rule says about the encoded form.
    if !isValid, ["dateTimeOffsetValue", "timeOfDayValue", "enumValue"].contains(rule), input.contains("%") {
      return "decoded before it is read"
    }
    if input.contains("$search=#") || input.hasSuffix("$search=a;b") || input.contains("=more&more") {
      return "cut before a query is read"
    }
    let isNewer = ["AND", "OR", "NOT", "NOT NOT", "AND OR", "OR AND", "AND OR NOT"].contains {
      input.hasSuffix("=\($0)")
    }
    if isValid, isNewer || input.contains("$search='") { return "words that 4.01 does not have, drafts after it do" }
    return reason(input)
  }

  private static func literal(_ text: String) -> ExpressionLiteral? {
    guard let syntax = syntax(text), case .literal(let literal) = syntax.kind else { return nil }
    return literal
  }

  /// Whether all filters, orders and searches of a query can be parsed; nil when it has none.
  private static func options(in input: String, _ rule: String) -> Bool? {
    guard ["queryOptions", "odataRelativeUri", "odataUri", "systemQueryOption"].contains(rule) else { return nil }
    let query =
      rule == "queryOptions" || rule == "systemQueryOption" ? input : String(input.drop { $0 != "?" }.dropFirst())
    var found: Bool?
    for option in query.split(separator: "&").map(String.init) {
      let verdict: Bool?
      if let text = value(option, "filter") {
        verdict = isExpression(text)
      } else if let text = value(option, "orderby") {
        verdict = parses(text) { parser throws(QueryError) in _ = try parser.ordering() }
      } else if let text = value(option, "search") {
        verdict = searches(text)
      } else {
        verdict = nil
      }
      if let verdict { found = (found ?? true) && verdict }
    }
    return found
  }

  /// Inputs that the suite refuses for their meaning; here, the checker refuses them.
  private static let contextual: Set = ["Model.Available", "Products/all()"]

  private static func check(of rule: String) -> ((String) -> Bool)? {
    switch rule {
    case "commonExpr", "boolCommonExpr", "boolcommonExpr", "notExpr", "propertyPathExpr":
      { isExpression($0) }
    case "enumLiteral", "stringLiteral", "durationLiteral", "dateTimeOffsetLiteral", "decimalLiteral",
      "doubleLiteral", "singleLiteral", "sbyteLiteral", "int16Literal", "int32Literal", "int64Literal",
      "timeOfDayLiteral", "null", "primitiveLiteral", "decimalValue", "doubleValue", "singleValue", "int16Value",
      "int32Value", "int64Value", "sbyteValue", "byteValue", "guid":
      { isExpression($0) }
    case "date", "dateValue": { literal($0).map { if case .date = $0 { true } else { false } } ?? false }
    case "timeOfDayValue": { literal($0).map { if case .timeOfDay = $0 { true } else { false } } ?? false }
    case "boolean": { literal($0).map { if case .bool = $0 { true } else { false } } ?? false }
    case "dateTimeOffsetValue", "dateTimeOffsetValueInUrl":
      { literal($0).map { if case .dateTime = $0 { true } else { false } } ?? false }
    case "durationValue": { Duration100ns($0.utf8) != nil }
    case "anyExpr": { isExpression("x/\($0)") }
    case "filter": { input in value(input, "filter").map(isExpression) ?? false }
    case "orderby", "orderBy":
      { input in
        value(input, "orderby").map { text in
          parses(text) { parser throws(QueryError) in _ = try parser.ordering() }
        } ?? false
      }
    case "search", "searchExpr":
      { input in
        (value(input, "search") ?? (input.contains("=") ? nil : input)).map { text in
          parses(text) { parser throws(QueryError) in _ = try parser.search(of: nil) }
        } ?? false
      }
    default: nil
    }
  }

  /// The value of an option, by its name in any case; nil when anything comes between name and value.
  private static func value(_ option: String, _ name: String) -> String? {
    let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts[1].first != " ", let found = PercentEncoding.decode(Array(parts[0].utf8)) else {
      return nil
    }
    return ["$" + name, name].contains(found.lowercased()) ? parts[1] : nil
  }

  // MARK: Olingo

  @Test("The inputs of Olingo's lexer, expression parser and search parser are parsed or refused as Olingo does")
  func olingo() throws {
    guard let suite = try SharedFolder.json("odata/suites/olingo/uri-parser-cases.json") as? [String: Any],
      let cases = suite["cases"] as? [[String: Any]]
    else {
      Issue.record("The suite is not there")
      return
    }
    var tally = Tally()
    var trees = 0
    for entry in cases {
      guard let file = entry["file"] as? String, let call = entry["call"] as? String,
        let input = entry["input"] as? String, let isValid = entry["valid"] as? Bool
      else { continue }
      let query = entry["query"] as? String
      guard
        let verdict = Self.verdict(
          file, entry["method"] as? String ?? "", call, input, query, entry["error"] as? String)
      else {
        tally.leftOut["\(file): bound to names of its model, or to parts that are not claimed", default: 0] += 1
        continue
      }
      if let reason = Self.reason(query ?? input) {
        tally.leftOut[reason, default: 0] += 1
        continue
      }
      tally.run += 1
      #expect(verdict == isValid, "\(file) \(call): \(query ?? input)")
      if isValid, let tree = entry["tree"] as? String, let parsed = Self.syntax(input), let shown = Self.tree(parsed) {
        trees += 1
        #expect("<\(shown)>" == tree, "\(input)")
      }
    }
    #expect(tally.run >= 480 && trees >= 120, "\(tally) \(trees)")
  }

  /// Whether our parser accepts the input; nil when the case does not apply.
  private static func verdict(
    _ file: String, _ method: String, _ call: String, _ input: String, _ query: String?, _ error: String?
  ) -> Bool? {
    switch (file, call) {
    case ("LexerTest.java", _): return method == "literalDataValues" || method == "unary" ? isExpression(input) : nil
    case ("ExpressionParserTest.java", "wrongExpression"), ("ExpressionParserTest.java", "parseExpression"):
      return checks(input)
    case ("ExpressionParserTest.java", let call) where call.hasPrefix("runOrderBy"):
      if error?.hasPrefix("isExSemantic") == true { return nil }
      return parses(String(input.split(separator: "&")[0])) { parser throws(QueryError) in _ = try parser.ordering() }
    case ("ExpressionParserTest.java", let call) where call.hasPrefix("runOn"):
      // Errors that depend on Olingo's model.
      if error != nil { return nil }
      return isExpression(String(input.split(separator: "&")[0]))
    case ("SearchParserTest.java", _):
      guard let query, query.hasPrefix("$search=") else { return nil }
      return searches(String(query.dropFirst(8)))
    case ("SearchTokenizerTest.java", "validate"), ("SearchTokenizerTest.java", "tokenize"): return searches(input)
    default: return nil
    }
  }

  private static func searches(_ text: String) -> Bool {
    parses(text) { parser throws(QueryError) in _ = try parser.search(of: nil) }
  }

  /// Whether an expression without properties also passes the checker.
  private static func checks(_ text: String) -> Bool {
    guard let syntax = syntax(text) else { return false }
    var checker = ExpressionChecker("$filter", of: TestModel.type("phone"), aliases: [:])
    do throws(QueryError) {
      _ = try checker.check(syntax)
      return true
    } catch {
      return false
    }
  }

  private static func syntax(_ text: String) -> ExpressionSyntax? {
    guard let decoded = PercentEncoding.decode(Array(text.utf8)) else { return nil }
    var parser = OptionParser("$filter", decoded)
    return try? parser.whole { parser throws(QueryError) in try parser.expression() }
  }

  /// An expression in Olingo's notation for trees; nil when it holds something that Olingo writes otherwise.
  private static func tree(_ syntax: ExpressionSyntax) -> String? {
    switch syntax.kind {
    case .path(let segments) where segments.contains { $0.contains(".") }: return nil
    case .path(let segments): return segments.joined(separator: "/")
    case .literal(.null): return "null"
    case .literal(.bool(let value)): return value ? "true" : "false"
    case .literal(.int(let value)): return String(value)
    case .literal(.string(let value)): return "'\(value.replacing("'", with: "''"))'"
    case .unary(let word, let operand): return tree(operand).map { "\(word.rawValue) <\($0)>" }
    case .binary(let word, let left, let right):
      guard let left = tree(left), let right = tree(right) else { return nil }
      return "<\(left)> \(word.rawValue) <\(right)>"
    case .logical(let word, let operands):
      let parts = operands.compactMap(tree)
      guard parts.count == operands.count, let first = parts.first else { return nil }
      return parts.dropFirst().reduce(first) { "<\($0)> \(word.rawValue) <\($1)>" }
    case .call(let name, let arguments):
      let parts = arguments.compactMap(tree)
      return parts.count == arguments.count ? "\(name)(\(parts.map { "<\($0)>" }.joined(separator: ",")))" : nil
    case .literal, .list, .alias, .count, .lambda: return nil
    }
  }
}
