import ArgumentParser
import Foundation
import Profiles
import Stores

/// `facet backup`: copies the database while a server may be running.
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the database, as of one moment, into a new file.",
    discussion: "It may run beside a server. Keys and certificates are not part of it: keep those directories too.")

  @OptionGroup var options: StoreOptions

  @Argument(help: "The file to make; it must not exist.")
  var file: String

  func run() throws {
    let store = try options.openReadOnlySQLite()
    defer { store.close() }
    do throws(BackupError) { try store.backup(to: file) } catch { throw CommandFailure(error.message) }
  }
}

/// `facet restore`: puts a backup in the place of the database.
struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Replace the database by a backup, whole or not at all.",
    discussion: "No server may be running on the data directory.")

  @OptionGroup var options: StoreOptions

  @Argument(help: "The file that 'facet backup' made.")
  var file: String

  func run() throws {
    guard !options.isPostgreSQL else {
      throw CommandFailure("This command is for SQLite. Restore PostgreSQL with its own tools, such as pg_restore.")
    }
    try options.makeDirectory()
    do {
      try SQLiteStore.restore(from: file, to: options.database)
    } catch let error as BackupError {
      throw CommandFailure(error.message)
    } catch let error as StoreOpenError {
      throw CommandFailure(error.message)
    }
  }
}

/// `facet check`: looks through everything for damage.
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

  /// Where the fault lies, by ids, and what it is; never a value.
  private static func line(_ finding: CheckFinding) -> String {
    let place = [finding.user?.text, finding.collection, finding.item?.text].compactMap { $0 }.joined(separator: "/")
    return place.isEmpty ? finding.message : "\(place): \(finding.message)"
  }
}
