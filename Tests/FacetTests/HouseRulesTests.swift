import Foundation
import Testing

/// The rules of CONTRIBUTING.md that a machine can check.
@Suite("House rules")
struct HouseRulesTests {
  @Test("The sources keep each rule of the house", arguments: HouseRule.all)
  func sourcesKeep(rule: HouseRule) throws {
    let files = PackageFiles.sources
    try #require(files.count > 20, "The walk over the sources found almost nothing")
    for breach in files.flatMap(rule.check) {
      Issue.record("\(breach.path):\(breach.line): \(breach.reason)")
    }
  }

  @Test("A rule fires on a sample that breaks it, and only there", arguments: HouseRule.all)
  func ruleFires(rule: HouseRule) {
    #expect(!rule.check(SourceText(path: rule.bad.path, text: rule.bad.text)).isEmpty)
    #expect(rule.check(SourceText(path: rule.good.path, text: rule.good.text)).isEmpty)
  }

  @Test("Literals and comments do not count as code")
  func splitting() {
    let text = #"""
      let a = "try! \(f("as! x")) print(" // fatalError()
      /* a! /* nested */ b! */ let c = 1
      let d = """
        SELECT "x"
        """
      let e = #"a " b!"#
      """#
    let lines = SourceText(path: "A.swift", text: text).lines
    #expect(
      lines.map(\.code) == [
        #"let a = "(f("")"# + #")" "#, " let c = 1", #"let d = ""#, "", #"""#, #"let e = """#,
      ])
    #expect(lines[0].comment == " fatalError()")
    #expect(lines[3].literals.contains("SELECT \"x\""))
    #expect(lines[5].literals == "a \" b!")
  }

  @Test("The text of the project names no place of one machine")
  func noMachinePaths() throws {
    let files = try PackageFiles.textFiles()
    try #require(files.count > 40, "The walk over the project found almost nothing")
    for (path, text) in files {
      for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      where Self.namesMachinePath(line) {
        Issue.record("\(path):\(index + 1): an absolute path of one machine")
      }
    }
  }

  @Test("A path of one machine is told from part of a URL")
  func machinePathCanary() {
    // Taken apart, so that this file does not name such a path itself.
    #expect(Self.namesMachinePath("see /" + "work/main"))
    #expect(Self.namesMachinePath("(/" + "tmp/x"))
    #expect(!Self.namesMachinePath("https://example.org/" + "work/main"))
    #expect(!Self.namesMachinePath("a/" + "root/b and the / " + "root/"))
  }

  private static func namesMachinePath(_ line: some StringProtocol) -> Bool {
    line.contains("/") && String(line).contains(/(^|[^\w.\/\-])\/(work|root|tmp)\/\w/)
  }
}

/// The files of the package, found from where this file lies.
enum PackageFiles {
  /// The root of the package.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let folders = ["Benchmarks", "Fuzz", "Scripts", "Sources", "Tests", "docs"]
  private static let textExtensions: Set = ["swift", "md", "py", "txt", "ini", "json", "sh", "service", ""]

  /// All Swift files under `Sources`; empty when they cannot be read. Split once, since every rule looks at them.
  static let sources: [SourceText] = (try? readSources()) ?? []

  private static func readSources() throws -> [SourceText] {
    try files(under: "Sources").filter { $0.hasSuffix(".swift") }.map {
      SourceText(path: $0, text: try text(of: $0))
    }
  }

  /// Path and text of everything that people read or edit.
  static func textFiles() throws -> [(path: String, text: String)] {
    let top = try FileManager.default.contentsOfDirectory(atPath: root.path).filter {
      isFile($0) && !$0.hasPrefix(".")
    }
    let all = try top + [".ci/run"] + folders.flatMap(files)
    return try all.filter { isText($0) }.map { ($0, try text(of: $0)) }
  }

  /// The text of one file.
  static func text(of path: String) throws -> String {
    String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
  }

  private static func isText(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.contains(".") ? name.split(separator: ".").last.map(String.init) ?? "" : ""
    return textExtensions.contains(ending) && !path.contains("__pycache__") && !path.contains("/.build/")
  }

  private static func files(under folder: String) throws -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: root.appending(path: folder).path) else { return [] }
    return walk.compactMap { $0 as? String }.map { "\(folder)/\($0)" }.filter(isFile).sorted()
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
    return exists && !isFolder.boolValue
  }
}
