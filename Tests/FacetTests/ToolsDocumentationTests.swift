import Fixtures
import Foundation
import HTTPProbe
import Testing

/// The documentation of `make fuzz`, of `make bench` and of `Benchmarks/scale` matches what they do.
@Suite("Documentation of fuzzers and of benchmarks")
struct ToolsDocumentationTests {
  @Test("Every target of the fuzzers has sources, seeds, a dictionary and a row in Fuzz/README.md")
  func fuzzTargets() throws {
    let script = try PackageFiles.text(of: "Fuzz/run")
    let page = try PackageFiles.text(of: "Fuzz/README.md")
    let names = try #require(script.firstMatch(of: /targets=\(([a-z ]+)\)/)).output.1.split(separator: " ").map(
      String.init)
    try #require(names.contains("http") && names.count >= 5)
    let described = page.matches(of: /(?m)^\| `(\w+)` \|/).map { String($0.output.1) }
    #expect(described == names)
    let sources = Set(try entries("Fuzz/Sources").map { $0.lowercased() })
    for name in names {
      #expect(try !entries("Fuzz/Seeds/\(name)").isEmpty, "\(name) has no seeds")
      #expect(try !PackageFiles.text(of: "Fuzz/\(name).dict").isEmpty, "\(name) has no dictionary")
      #expect(sources.contains(name), "\(name) has no sources")
    }
  }

  @Test("No two seeds of the connection fuzzer are the same, and each begins with the letter of a cut")
  func connectionSeeds() throws {
    let names = try entries("Fuzz/Seeds/http")
    try #require(names.count > 150)
    let seeds = try names.map { try Data(contentsOf: PackageFiles.root.appending(path: "Fuzz/Seeds/http/\($0)")) }
    #expect(Set(seeds.map { $0.dropFirst() }).count == seeds.count)
    for (name, seed) in zip(names, seeds) {
      let first = try #require(seed.first, "\(name) is empty")
      #expect((0x40...0x7E).contains(first), "\(name) begins with no letter")
    }
  }

  @Test("Every benchmark table is on the performance page, and every table there has a benchmark")
  func benchmarkTables() throws {
    let template = try PackageFiles.text(of: "Benchmarks/performance.template")
    let places = Set(template.matches(of: /(?m)^<([A-Z][a-z ]+)>$/).map { String($0.output.1) })
    let files = try entries("Benchmarks/bench").filter { $0.hasSuffix(".py") }
    let sources = try files.map { try PackageFiles.text(of: "Benchmarks/bench/\($0)") }.joined()
    let tables = Set(
      sources.matches(of: /(?:Table|requests_table)\(\s*"([A-Z][a-z ]+)"/).map { String($0.output.1) })
    try #require(places.count > 5)
    #expect(places == tables)
  }

  @Test("docs/scale.md shows what Benchmarks/scale reckons from the recorded costs")
  func scale() async throws {
    let status = try await blocking {
      let process = Process()
      process.executableURL = PackageFiles.root.appending(path: "Benchmarks/scale")
      process.arguments = ["--check"]
      try ProcessGate.run(process)
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(status == 0, "Run: Benchmarks/scale --write")
  }

  private func entries(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: PackageFiles.root.appending(path: folder).path).sorted()
  }
}
