import ArgumentParser
import Profiles
import Stores

/// `facet backup`: copies the SQLite database into a new file, also while a server is running.
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
