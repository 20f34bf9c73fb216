import Fixtures
import Foundation
import OData
import ProfileServer
import Profiles
import Testing

/// The documentation is complete: everything that the program has is described, and everything described exists.
@Suite("Documentation")
struct DocumentationTests {
  private static let subcommands = [
    "serve", "token", "import", "export", "backup", "restore", "check", "tenant add", "tenant list", "tenant federate",
    "tenant policy", "tenant domain add", "tenant domain remove",
  ]

  @Test("docs/configuration.md describes every flag of every command, with its variable", arguments: subcommands)
  func flags(subcommand: String) throws {
    let page = try PackageFiles.text(of: "docs/configuration.md")
    let flags = try Self.flags(of: subcommand)
    try #require(!flags.isEmpty, "facet \(subcommand) --help shows no flag")
    for flag in flags {
      let variable = "FACET_" + flag.uppercased().replacing("-", with: "_")
      // Evaluate this outside the expectation, which would print the whole page.
      let isDescribed = page.contains("`--\(flag)") && page.contains("`\(variable)`")
      #expect(isDescribed, "--\(flag) of facet \(subcommand) or \(variable) is not described")
    }
  }

  @Test("docs/configuration.md describes no flag that does not exist")
  func describedFlagsExist() throws {
    let existing = try Set(Self.subcommands.flatMap(Self.flags))
    let described = try PackageFiles.text(of: "docs/configuration.md").matches(of: /(?m)^\| `--([a-z][a-z0-9-]*)/)
    try #require(described.count > 10)
    for flag in described.map({ String($0.output.1) }) {
      #expect(existing.contains(flag), "--\(flag) is described and does not exist")
    }
  }

  @Test("docs/errors.md lists every error code with its status, and no other")
  func errorCodes() throws {
    let rows = try PackageFiles.text(of: "docs/errors.md").matches(of: /(?m)^\| [45]\d\d \| `(\w+)` \|/)
    let described = Set(rows.map { String($0.output.1) })
    #expect(described == Set(GraphErrorCode.allCases.map(\.rawValue)))
  }

  @Test("docs/types.md lists every declared type, and no other")
  func types() throws {
    let rows = try PackageFiles.text(of: "docs/types.md").matches(of: /(?m)^\| `(\w+)` \|/)
    let described = Set(rows.map { String($0.output.1) })
    let model = ProfileModel.model
    #expect(described == Set(model.structuredTypes.map(\.name) + model.enumTypes.map(\.name)))
  }

  @Test("Every link between documentation pages leads to a file")
  func links() throws {
    let pages = try PackageFiles.textFiles().filter { $0.path.hasSuffix(".md") }
    try #require(pages.count > 10)
    for (path, text) in pages {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      for link in text.matches(of: /\]\(([^)#:\s]+)(#[^)]*)?\)/) {
        let target = PackageFiles.root.appending(path: folder).appending(path: String(link.output.1))
          .standardizedFileURL
        #expect(FileManager.default.fileExists(atPath: target.path), "\(path) links to \(link.output.1)")
      }
    }
  }

  /// The flags that the built binary shows in its help, without dashes.
  private static func flags(of subcommand: String) throws -> Set<String> {
    let help = try help(of: subcommand)
    let names = help.matches(of: /(?m)^ {2}(?:-\w, )?(--[a-z][^ ]*(?:\/--[a-z][^ ]*)?)/).flatMap {
      $0.output.1.matches(of: /--([a-z][a-z0-9-]*)/).map { String($0.output.1) }
    }
    return Set(names).subtracting(["help", "help-hidden", "version"])
  }

  private static func help(of subcommand: String) throws -> String {
    let process = Process()
    process.executableURL = binary
    process.arguments = subcommand.split(separator: " ").map(String.init) + ["--help"]
    let output = Pipe()
    process.standardOutput = output
    try ProcessGate.run(process)
    let text = try output.fileHandleForReading.readAll()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "facet \(subcommand) --help failed")
    return String(decoding: text, as: UTF8.self)
  }

  /// The server binary that was built together with these tests.
  private static var binary: URL {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "facet")
    guard !FileManager.default.isExecutableFile(atPath: beside.path) else { return beside }
    return PackageFiles.root.appending(path: ".build/release/facet")
  }
}
