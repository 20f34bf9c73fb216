import ArgumentParser
import Profiles
import Stores

/// `facet check`: checks the whole database for damage, also while a server is running.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Look through the whole database for damage; it may run beside a server.")

  @OptionGroup var options: StoreOptions

  func run() throws {
    let store = try options.openReadOnly()
    defer { store.close() }
    let findings: [CheckFinding]
    do {
      findings = try store.check()
    } catch let error as StoreError {
      throw CommandFailure(error.message)
    }
    for finding in findings { print(Self.line(finding)) }
    guard findings.isEmpty else { throw CommandFailure("\(findings.count) faults were found.") }
    let totals = try store.totals()
    print("\(totals.users) people, \(totals.items) items, \(totals.changes) changes: no fault was found.")
  }

  /// One line for a finding: the ids of what is damaged, and the fault. It never holds a value.
  private static func line(_ finding: CheckFinding) -> String {
    let place = [finding.user?.text, finding.collection, finding.item?.text].compactMap { $0 }.joined(separator: "/")
    return place.isEmpty ? finding.message : "\(place): \(finding.message)"
  }
}
