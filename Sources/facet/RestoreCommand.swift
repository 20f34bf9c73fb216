import ArgumentParser
import Profiles
import Stores

/// `facet restore`: replaces the SQLite database by a backup.
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
