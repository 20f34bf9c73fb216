import Testing

/// One rule of the house, with a sample that breaks it, so that a rule which never fires is noticed.
struct HouseRule: Sendable, CustomTestStringConvertible {
  /// Where a rule is broken and how.
  struct Breach: Sendable {
    let path: String
    let line: Int
    let reason: String
  }

  /// The rule as a sentence.
  let sentence: String
  /// A path and a text that break the rule.
  let bad: (path: String, text: String)
  /// A path and a text that come close and keep it.
  let good: (path: String, text: String)
  let check: @Sendable (SourceText) -> [Breach]

  var testDescription: String { sentence }

  /// A rule on single lines: `reason` gives what is wrong with one, or nil.
  static func lines(
    _ sentence: String, bad: (String, String), good: (String, String),
    _ reason: @escaping @Sendable (SourceText, SourceText.Line) -> String?
  ) -> HouseRule {
    HouseRule(sentence: sentence, bad: bad, good: good) { file in
      file.lines.enumerated().compactMap { index, line in
        reason(file, line).map { Breach(path: file.path, line: index + 1, reason: $0) }
      }
    }
  }
}

extension HouseRule {
  static let all: [HouseRule] =
    importRules + bannedCalls + words + [
      fileSize, functionSize, publicDocumentation, reasonForLater, safety, databaseText, names,
    ]

  static let fileLinesMax = 400
  static let functionLinesMax = 60
  static let safetyDistanceMax = 6

  private static let fileSize = HouseRule(
    sentence: "A file has at most \(fileLinesMax) lines",
    bad: ("Sources/OData/A.swift", String(repeating: "\n", count: fileLinesMax + 1)),
    good: ("Sources/OData/A.swift", String(repeating: "\n", count: fileLinesMax))
  ) { file in
    guard file.lines.count > fileLinesMax else { return [] }
    return [Breach(path: file.path, line: file.lines.count, reason: "the file has \(file.lines.count) lines")]
  }

  private static let functionSize = HouseRule(
    sentence: "A function has at most \(functionLinesMax) lines",
    bad: ("Sources/OData/A.swift", "func f(\n  a: Int\n) {\n" + String(repeating: "  g()\n", count: 60) + "}\n"),
    good: ("Sources/OData/A.swift", "func f() {\n" + String(repeating: "  g()\n", count: 58) + "}\nlet a = S.init()\n"),
    check: { file in
      FunctionExtent.all(in: file).filter { $0.lineCount > functionLinesMax }.map {
        Breach(path: file.path, line: $0.first + 1, reason: "the function has \($0.lineCount) lines")
      }
    })

  private static let reasonForLater = HouseRule.lines(
    "Work left for later says what and why",
    bad: ("Sources/OData/A.swift", "// TODO later\n"),
    good: ("Sources/OData/A.swift", "// TODO: read in pieces, once bodies above 1 MiB are allowed\n")
  ) { _, line in
    guard !line.comment.isEmpty, line.comment.contains(/\b(TODO|FIXME|XXX|HACK)\b/) else { return nil }
    return line.comment.contains(/\bTODO: \w+( \S+){3,}/) ? nil : "a TODO needs a colon and a sentence"
  }

  private static let databaseText = HouseRule.lines(
    "SQL stands only in the stores",
    bad: ("Sources/Profiles/A.swift", "let q = \"SELECT id FROM items\"\n"),
    good: ("Sources/Stores/SQLite/A.swift", "let q = \"SELECT id FROM items\"\n")
  ) { file, line in
    guard !line.literals.isEmpty, !file.isIn("Sources/Stores") else { return nil }
    let sql = /\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|(CREATE|ALTER|DROP) (TABLE|INDEX)|PRAGMA)\b/
    return line.literals.contains(sql) ? "this literal looks like SQL" : nil
  }

  private static let names = HouseRule(
    sentence: "A name says what a thing is",
    bad: ("Sources/OData/StringUtils.swift", "enum StringUtils {}\n"),
    good: ("Sources/OData/ETag.swift", "let files = FileManager.default\n")
  ) { file in
    let vague = /(?i)^\w*(utils?|utilit(y|ies)|helpers?|common|misc|manager)$/
    let parts = file.path.split(separator: "/").map { $0.split(whereSeparator: { ".+".contains($0) }).first ?? "" }
    var breaches = parts.filter { $0.wholeMatch(of: vague) != nil }.map {
      Breach(path: file.path, line: 1, reason: "'\($0)' says nothing")
    }
    for (index, line) in file.lines.enumerated() {
      guard !line.code.isEmpty,
        let type = line.code.firstMatch(of: /\b(class|struct|enum|actor|protocol) (\w+)/)?.output.2,
        type.wholeMatch(of: vague) != nil
      else { continue }
      breaches.append(Breach(path: file.path, line: index + 1, reason: "'\(type)' says nothing"))
    }
    return breaches
  }

  private static let safety = HouseRule(
    sentence: "An unchecked promise to the compiler says why it holds",
    bad: ("Sources/OData/A.swift", "struct A: @unchecked Sendable {}\n"),
    good: ("Sources/OData/A.swift", "// Safety: immutable.\nstruct A: @unchecked Sendable {}\n")
  ) { file in
    file.lines.indices.filter { index in
      guard file.lines[index].code.contains("un") || file.lines[index].code.contains("@safe"),
        file.lines[index].code.contains(/@unchecked\s+Sendable|nonisolated\(unsafe\)|@safe\b|\bunsafeBitCast\b/)
      else { return false }
      let near = file.lines[max(0, index - safetyDistanceMax)...index]
      return !near.contains { $0.comment.contains("Safety:") }
    }.map { Breach(path: file.path, line: $0 + 1, reason: "no 'Safety:' comment stands before it") }
  }

  /// What a protocol requires is documented there.
  private static let publicDocumentation = HouseRule(
    sentence: "What is public has a doc comment",
    bad: ("Sources/OData/A.swift", "/// A.\npublic struct A {\n  public func f() {}\n}\n"),
    good: (
      "Sources/OData/A.swift",
      "/// A.\n@frozen\n@available(*, deprecated)\npublic struct A {\n  /// B.\n  public let b: B\n}\n"
    )
  ) { file in
    let declaration =
      /^\s*(@\w+(\([^)]*\))?\s+)*(public|package)\s+((static|final|mutating|indirect|override|convenience|required|nonisolated|(private|internal)\(set\))\s+)*(actor|class|enum|func|init|let|macro|protocol|struct|subscript|typealias|var)\b/
    let requirement = /\bfunc (==|<) |\b(var|let) rawValue\b|\binit\(rawValue\b/
    return file.lines.indices.filter { index in
      let code = file.lines[index].code
      return (code.contains("public") || code.contains("package")) && code.contains(declaration)
        && !code.contains(requirement)
        && !isDocumented(file.lines[..<index])
    }.map { Breach(path: file.path, line: $0 + 1, reason: "no '///' stands before it") }
  }

  /// Whether the lines end with a doc comment, attributes aside.
  private static func isDocumented(_ before: ArraySlice<SourceText.Line>) -> Bool {
    let last = before.last { !$0.code.contains(/^\s*(@|#if|#else)/) }
    return last?.raw.contains(/^\s*\/\/\//) ?? false
  }
}
