extension HouseRule {
  /// Calls that end the process on bad input, block a shared thread, or leave structured concurrency.
  static let bannedCalls: [HouseRule] = [
    call("try!", bad: "try! f()", good: "try f()", pattern: #"\btry!"#),
    call("as!", bad: "a as! B", good: "a as? B", pattern: #"\bas!"#),
    call("!", bad: "a.b! + 1", good: "!a && b != c", pattern: #"[\w)\]]!(?:[^=]|$)"#),
    call("fatalError", bad: "fatalError()", good: "throw Fault()", pattern: #"\bfatalError\s*\("#),
    call(
      "print", bad: "print(a)", good: "log.print(a)", pattern: #"(?:^|[^\w.])print\("#,
      allowedIn: ["Sources/facet"]),
    call("Task.detached", bad: "Task.detached {}", good: "Task {}", pattern: #"\bTask\.detached\b"#),
    call(
      "DispatchQueue.global", bad: "DispatchQueue.global().async {}", good: "queue.async {}",
      pattern: #"\bDispatchQueue\.global\b"#),
    call("Thread.sleep", bad: "Thread.sleep(1)", good: "sleeper.wake()", pattern: #"\bThread\.sleep\b"#),
    call(
      "sleep", bad: "usleep(1)", good: "sleeper.wake()", pattern: #"(?:^|[^\w.])u?sleep\("#,
      allowedIn: ["Sources/Stores"]),
  ]

  private static func call(
    _ name: String, bad: String, good: String, pattern: String, allowedIn folders: [String] = []
  ) -> HouseRule {
    let needle = name == "!" ? "!" : String(name.prefix { $0 != "!" })
    return lines(
      "Nobody writes \(name)", bad: ("Sources/OData/A.swift", bad + "\n"), good: ("Sources/OData/A.swift", good + "\n")
    ) { file, line in
      guard line.code.contains(needle), !folders.contains(where: file.isIn), !line.code.contains("func \(name)("),
        let regex = try? Regex(pattern), line.code.contains(regex)
      else { return nil }
      return "\(name) is not used in this house"
    }
  }
}

/// Where a function begins and how many lines it has.
struct FunctionExtent: Sendable {
  let first: Int
  let lineCount: Int

  /// All functions and initialisers with a body.
  static func all(in file: SourceText) -> [FunctionExtent] {
    file.lines.indices.compactMap { index in
      guard file.lines[index].code.contains("func") || file.lines[index].code.contains("init"),
        file.lines[index].code.contains(/(^|[^.\w])(func\s+\S|init\s*[?]?\s*[(<]|deinit\s*\{)/)
      else { return nil }
      return lastLine(from: index, in: file.lines).map { FunctionExtent(first: index, lineCount: $0 - index + 1) }
    }
  }

  /// The line of the brace that closes the body; nil for a requirement of a protocol, which has none.
  private static func lastLine(from first: Int, in lines: [SourceText.Line]) -> Int? {
    var braces = 0
    var parentheses = 0
    for index in first..<lines.count {
      let isNext = lines[index].code.contains(/^\s*(@|\w+ )*(func|init|var|let|case|subscript)\b/)
      if index > first, braces == 0, parentheses == 0, isNext { return nil }
      for character in lines[index].code.utf8 {
        switch character {
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): parentheses -= 1
        case UInt8(ascii: "{"): braces += 1
        case UInt8(ascii: "}"):
          braces -= 1
          if braces <= 0 { return braces == 0 ? index : nil }
        default: break
        }
      }
    }
    return nil
  }
}
