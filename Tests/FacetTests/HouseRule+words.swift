extension HouseRule {
  /// Rules on names of files and on words.
  static let words: [HouseRule] = [fileName, replacedWords]

  private static let fileName = HouseRule(
    sentence: "A file declares or extends the type that its name says",
    bad: ("Sources/OData/ETag+text.swift", "struct EntityTag {}\n// struct ETag\n"),
    good: ("Sources/OData/ETag+text.swift", "extension ETag.Kind {}\n")
  ) { file in
    let name = file.name.split(separator: "+").first.map(String.init) ?? file.name
    let isDeclared = file.lines.contains { line in
      guard line.code.contains(name) else { return false }
      let declared = line.code.matches(of: /\b(?:actor|class|enum|extension|protocol|struct|typealias)\s+(\w+)/)
      return declared.contains { $0.output.1 == name }
    }
    return isDeclared ? [] : [Breach(path: file.path, line: 1, reason: "no type is named '\(name)'")]
  }

  /// Words of our own that a term of the field has replaced, so that a reader finds what they search for.
  private static let replacedWords = HouseRule.lines(
    "A term of the field is used where there is one",
    bad: ("Sources/Stores/A.swift", "let owner = sight.viewer\n"),
    good: ("Sources/Stores/A.swift", "let message = \"facet record key\" // out of sight\nlet a = relationships\n")
  ) { _, line in
    guard !line.code.isEmpty, let word = line.code.firstMatch(of: replaced)?.output else { return nil }
    return "'\(word)' has a better name: see the words in CONTRIBUTING.md"
  }

  /// A full stop ends a word here, as in code.
  private static var replaced: Regex<Substring> {
    /\b(?:[dD]oor|Door[A-Z]\w*|ArrivalHandler|[sS]ights?|[sS]tandings?|Relation|Visibility|Record(?:Chain|Key|Owner)|recordKey|DirectoryRecord|DirectoryLine\w*|Receipt|\w*WriteQueue|PageKey|pageKey|OperationTable|Inquiry|Footprint|Witness|Handover|Appetite|Abandonment)\b/
      .wordBoundaryKind(.simple)
  }
}
