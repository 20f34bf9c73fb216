/// One file as the house rules see it: each line split into code, the text of literals, and comment.
struct SourceText: Sendable {
  /// One line. The text of a literal is not in `code`, where only its quotes stay.
  struct Line: Sendable {
    var raw = ""
    var code = ""
    var literals = ""
    var comment = ""
  }

  /// The path from the root of the package, with slashes.
  let path: String
  let lines: [Line]

  /// Splits the text of a Swift file.
  init(path: String, text: String) {
    self.path = path
    var splitter = Splitter()
    for scalar in text.unicodeScalars { splitter.take(scalar) }
    lines = splitter.finish()
  }

  /// The file name without its extension.
  var name: String { String(path.split(separator: "/").last?.split(separator: ".").first ?? "") }

  /// Whether the file is in this folder.
  func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}

/// Splits code, literals and comments, character by character. Regex literals count as code.
private struct Splitter {
  private enum Mode {
    case code(parentheses: Int)
    case string(quotes: Int, hashes: Int)
    case lineComment
    case blockComment(depth: Int)
  }

  private var modes: [Mode] = [.code(parentheses: 0)]
  private var lines: [SourceText.Line] = []
  private var line = SourceText.Line()
  /// The part of the line that is read but not yet classified.
  private var pending: [Unicode.Scalar] = []

  mutating func take(_ scalar: Unicode.Scalar) {
    guard scalar == "\n" else { return pending.append(scalar) }
    endLine()
  }

  mutating func finish() -> [SourceText.Line] {
    if !pending.isEmpty { endLine() }
    return lines
  }

  private mutating func endLine() {
    line.raw.unicodeScalars.append(contentsOf: pending)
    var rest = pending[...]
    while !rest.isEmpty { rest = rest.dropFirst(step(rest)) }
    switch modes.last {
    case .lineComment, .string(quotes: 1, hashes: _): modes.removeLast()
    case .code, .string, .blockComment, nil: break
    }
    if modes.isEmpty { modes = [.code(parentheses: 0)] }
    lines.append(line)
    line = SourceText.Line()
    pending.removeAll(keepingCapacity: true)
  }

  /// Handles the next token and returns its length in characters.
  private mutating func step(_ rest: ArraySlice<Unicode.Scalar>) -> Int {
    guard let next = rest.first else { return 0 }
    switch modes.last ?? .code(parentheses: 0) {
    case .code(let parentheses): return stepInCode(rest, next, parentheses)
    case .string(let quotes, let hashes): return stepInString(rest, next, quotes: quotes, hashes: hashes)
    case .lineComment:
      line.comment.unicodeScalars.append(next)
      return 1
    case .blockComment(let depth):
      line.comment.unicodeScalars.append(next)
      if rest.starts(with: "*/".unicodeScalars) {
        modes.removeLast()
        if depth > 1 { modes.append(.blockComment(depth: depth - 1)) }
        return 2
      }
      if rest.starts(with: "/*".unicodeScalars) {
        modes[modes.count - 1] = .blockComment(depth: depth + 1)
        return 2
      }
      return 1
    }
  }

  private mutating func stepInCode(
    _ rest: ArraySlice<Unicode.Scalar>, _ next: Unicode.Scalar, _ parentheses: Int
  ) -> Int {
    if rest.starts(with: "//".unicodeScalars) {
      modes.append(.lineComment)
      return 2
    }
    if rest.starts(with: "/*".unicodeScalars) {
      modes.append(.blockComment(depth: 1))
      return 2
    }
    let hashes = rest.prefix { $0 == "#" }.count
    let quotes = rest.dropFirst(hashes).prefix { $0 == "\"" }.count
    if quotes > 0 {
      line.code += "\""
      modes.append(.string(quotes: quotes >= 3 ? 3 : 1, hashes: hashes))
      return hashes + (quotes >= 3 ? 3 : 1)
    }
    line.code.unicodeScalars.append(next)
    if next == "(" { modes[modes.count - 1] = .code(parentheses: parentheses + 1) }
    if next == ")" {
      // The parenthesis that ends an interpolation returns to its string.
      if parentheses == 1, modes.count > 1 {
        modes.removeLast()
      } else {
        modes[modes.count - 1] = .code(parentheses: parentheses - 1)
      }
    }
    return 1
  }

  private mutating func stepInString(
    _ rest: ArraySlice<Unicode.Scalar>, _ next: Unicode.Scalar, quotes: Int, hashes: Int
  ) -> Int {
    let marks = String(repeating: "#", count: hashes)
    if rest.starts(with: (String(repeating: "\"", count: quotes) + marks).unicodeScalars) {
      line.code += "\""
      modes.removeLast()
      return quotes + hashes
    }
    if rest.starts(with: ("\\" + marks + "(").unicodeScalars) {
      line.code += "("
      modes.append(.code(parentheses: 1))
      return 2 + hashes
    }
    line.literals.unicodeScalars.append(next)
    return next == "\\" && hashes == 0 ? min(2, rest.count) : 1
  }
}
