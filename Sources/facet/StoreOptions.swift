import ArgumentParser
import Foundation
import ProfileServer
import Profiles
import Stores

/// Where the data is, the same for every command.
struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Directory of the data, keys and certificates.", valueName: "dir"))
  var data = "data"

  @Option(help: ArgumentHelp("Store of the people: sqlite, which lies in the data directory.", valueName: "url"))
  var store = "sqlite"

  func validate() throws {
    guard store == "sqlite" else {
      throw ValidationError("--store takes 'sqlite' in this version. PostgreSQL is not offered yet.")
    }
  }

  /// The database file.
  var database: String { "\(data)/facet.db" }
  /// The keys that sign tokens.
  var keys: String { "\(data)/keys" }
  /// The key that seals links to further pages.
  var pageKey: String { "\(data)/pages.key" }
  /// The certificates of the HTTPS listener.
  var certificates: String { "\(data)/tls" }

  /// Marks data that a demo began and may therefore put back.
  private var demoMark: String { "\(data)/demo" }

  /// Whether a demo began this data.
  var isDemoData: Bool { FileManager.default.fileExists(atPath: demoMark) }

  /// Remembers that a demo began this data.
  func markAsDemoData() throws {
    guard FileManager.default.createFile(atPath: demoMark, contents: nil) else {
      throw CommandFailure("\(demoMark) cannot be written. Check its permissions.")
    }
  }

  /// Makes the data directory, readable by its owner alone.
  func makeDirectory() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandFailure("The directory \(data) cannot be made. Check its path and permissions.")
    }
  }

  /// Opens the store for writing; no other server may own it. `undecided` are policies of tenants that decided nothing.
  func open(undecided: [TenantID: TenantPolicy] = [:]) throws -> SQLiteStore {
    try makeDirectory()
    do throws(StoreOpenError) {
      return try SQLiteStore.open(database, options: SQLiteOptions(undecided: undecided))
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for one short write, beside the server that may own it.
  func openBeside() throws -> SQLiteStore {
    try makeDirectory()
    do throws(StoreOpenError) {
      return try SQLiteStore.openBeside(database)
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for reading, beside the server that may own it.
  func openReadOnly() throws -> SQLiteStore {
    do throws(StoreOpenError) {
      return try SQLiteStore.openReadOnly(database)
    } catch {
      throw CommandFailure(error.message)
    }
  }
}

extension ServiceEnvironment {
  /// The operating system's time and random ids.
  static let system = ServiceEnvironment(now: { SystemClock.now() }, makeID: { .random() })
}
