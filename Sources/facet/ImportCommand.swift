import ArgumentParser
import Foundation
import Profiles
import Stores

/// `facet import`: adds or replaces people, groups and items from a file of JSON lines.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Add or replace people and items from a file of JSON lines, all or nothing.",
    discussion: "No server may be running on the data directory.")

  @OptionGroup var options: StoreOptions

  @Argument(help: "The file; standard input when there is none.")
  var file: String?

  func run() throws {
    let store = try options.open()
    defer { store.close() }
    let count = try FileImport(environment: .system).run(file, into: store)
    guard count > 0 else { throw CommandFailure("The file holds no records; nothing was changed.") }
  }
}
