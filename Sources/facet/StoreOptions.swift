import ArgumentParser
import Authority
import Foundation
import Images
import Logging
import ProfileServer
import Profiles
import Stores

/// The options that say where the data is, the same for every command.
struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Directory of the data, keys and certificates.", valueName: "dir"))
  var data = "data"

  @Option(
    help: ArgumentHelp(
      "Store of the people: sqlite, which lies in the data directory, or a postgresql:// URL.", valueName: "url"))
  var store = "sqlite"

  @Flag(help: "Do not name statements in PostgreSQL: for a pool that gives each transaction another connection.")
  var unnamedStatements = false

  func validate() throws {
    guard store == "sqlite" || isPostgreSQL else {
      throw ValidationError("--store takes 'sqlite' or a URL that begins with postgresql:// or postgres://.")
    }
  }

  /// Whether the store is in PostgreSQL.
  var isPostgreSQL: Bool { store.hasPrefix("postgresql://") || store.hasPrefix("postgres://") }

  /// The path of the SQLite database.
  var database: String { "\(data)/facet.db" }
  /// The directory of the keys that sign tokens.
  var keys: String { "\(data)/keys" }
  /// The path of the key that encrypts page tokens.
  var pageTokenKey: String { "\(data)/pages.key" }
  /// The directory of the certificates of the HTTPS listener.
  var certificates: String { "\(data)/tls" }

  /// The path of an empty file that marks data which a demo created, and may therefore reset.
  private var demoMark: String { "\(data)/demo" }

  /// Whether a demo created this data.
  var isDemoData: Bool { FileManager.default.fileExists(atPath: demoMark) }

  /// Records that a demo created this data.
  ///
  /// - Throws: `CommandFailure` when the mark cannot be written.
  func markAsDemoData() throws {
    guard FileManager.default.createFile(atPath: demoMark, contents: nil) else {
      throw CommandFailure("\(demoMark) cannot be written. Check its permissions.")
    }
  }

  /// Creates the data directory, readable by its owner only.
  ///
  /// - Throws: `CommandFailure` when it cannot be created.
  func makeDirectory() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandFailure("The directory \(data) cannot be made: \(Self.reason(error)). Choose another with --data.")
    }
  }

  /// The operating system's reason, without the path, which the sentence names already.
  private static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    guard cause.domain == NSPOSIXErrorDomain else { return "its path leads through a file, or may not be written" }
    return String(cString: strerror(Int32(clamping: cause.code)))
  }

  /// Whether the data directory holds the keys that the servers of one database share.
  private var hasKeys: Bool {
    let signing = (try? FileManager.default.contentsOfDirectory(atPath: keys)) ?? []
    return signing.contains { $0.hasPrefix("key-") && $0.hasSuffix(".pem") }
      && FileManager.default.fileExists(atPath: pageTokenKey)
  }

  /// Opens the store for writing. For SQLite, no other server may own the data directory. `policyDefaults` are the
  /// policies of tenants without a policy of their own. With `forServer`, a PostgreSQL store that was opened before
  /// also opens while its database is unavailable. `logger` receives the progress of a migration; without one, standard
  /// error does.
  ///
  /// - Throws: `CommandFailure` when the store cannot be opened.
  func open(
    policyDefaults: [TenantID: TenantPolicy] = [:], forServer: Bool = false, logger: Logger? = nil
  ) throws -> any AdministeredStore {
    try makeDirectory()
    guard !isPostgreSQL else {
      return try openPostgreSQL { options in
        options.policyDefaults = policyDefaults
        options.opensWithoutServer = forServer && hasKeys
      }
    }
    var settings = SQLiteOptions(policyDefaults: policyDefaults)
    settings.onMigration = { Self.report($0, to: logger) }
    do throws(StoreOpenError) {
      return try SQLiteStore.open(database, options: settings)
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for one short write, also while a server owns it.
  ///
  /// - Throws: `CommandFailure` when the store cannot be opened.
  func openBeside() throws -> any AdministeredStore {
    try makeDirectory()
    guard !isPostgreSQL else { return try openPostgreSQL() }
    do throws(StoreOpenError) {
      return try SQLiteStore.openBeside(database) { Self.report($0, to: nil) }
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for reading, also while a server owns it.
  ///
  /// - Throws: `CommandFailure` when the store cannot be opened.
  func openReadOnly() throws -> any AdministeredStore {
    isPostgreSQL ? try openPostgreSQL() : try openReadOnlySQLite()
  }

  /// Opens the SQLite store for reading, for what only SQLite supports.
  ///
  /// - Throws: `CommandFailure` when the store is in PostgreSQL or cannot be opened.
  func openReadOnlySQLite() throws -> SQLiteStore {
    guard !isPostgreSQL else {
      throw CommandFailure(
        "This command is for SQLite. Of PostgreSQL make backups with its own tools, such as pg_dump.")
    }
    do throws(StoreOpenError) {
      return try SQLiteStore.openReadOnly(database)
    } catch {
      throw CommandFailure(error.message)
    }
  }

  private static func report(_ progress: SQLiteMigrationProgress, to logger: Logger?) {
    guard let logger else { return FileHandle.standardError.write(Data("\(progress.message)\n".utf8)) }
    logger.notice("\(progress.message)")
  }

  private func openPostgreSQL(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) throws -> PostgreSQLStore {
    var settings = PostgreSQLOptions(url: store, keyDirectory: data)
    settings.namesStatements = !unnamedStatements
    change(&settings)
    do throws(StoreError) { return try PostgreSQLStore(settings) } catch { throw CommandFailure(error.message) }
  }

  /// Loads the keys of the built-in authority and of page tokens. Servers of one database share them: keys in the
  /// database win, and keys that it lacks are published to it.
  ///
  /// - Throws: `CommandFailure` when the keys cannot be read, written or shared.
  func loadKeys(_ store: (any AdministeredStore)?) async throws -> (issuer: OwnIssuer, pageTokenCipher: PageTokenCipher)
  {
    do {
      guard let store = store as? PostgreSQLStore else {
        return (try await OwnIssuer.load(directory: keys), try await PageTokenCipher.load(path: pageTokenKey))
      }
      // While the database is unavailable, a server starts with the keys that it shared before.
      if store.health == .healthy { try await share(store) }
      let issuer = try await OwnIssuer.load(directory: keys) { [data] name, bytes throws(KeyFileError) in
        try Self.share(name, bytes, store, data)
      }
      return (issuer, try await PageTokenCipher.load(path: pageTokenKey))
    } catch let error as KeyFileError {
      throw CommandFailure(error.message)
    }
  }

  /// Synchronizes the keys of the data directory with those of the database. A signing key that does not exist yet is
  /// shared when it is created, before its first use.
  private func share(_ store: PostgreSQLStore) async throws {
    try await Self.offPool { [data] in try store.shareFiles(in: data, publishes: false) }
    _ = try await PageTokenCipher.load(path: pageTokenKey)
    try await Self.offPool { [data] in try store.shareFiles(in: data, publishes: true) }
  }

  /// Publishes a new key, and stores what the database then holds in the data directory. Blocks.
  private static func share(
    _ name: String, _ bytes: [UInt8], _ store: PostgreSQLStore, _ data: String
  ) throws(KeyFileError) {
    do {
      try store.shareFile("keys/\(name)", bytes, in: data)
    } catch let error as StoreError {
      throw .notShared(reason: error.message)
    } catch {
      throw .notShared(reason: "The files in the data directory cannot be read or written.")
    }
  }

  // MARK: The issuer

  /// The path of the file in which a server records the address of its authority, for the commands beside it.
  private var issuerAddress: String { "\(data)/issuer" }

  /// Records the address of a server's authority, so that `facet token` names the same issuer.
  ///
  /// - Throws: `CommandFailure` when the file cannot be written.
  func keepIssuer(_ addresses: AuthorityAddresses) async throws {
    do throws(KeyFileError) { try await addresses.keepBase(at: issuerAddress) } catch {
      throw CommandFailure(error.message)
    }
  }

  /// The address of the last server's authority, or the default one when there was no server.
  ///
  /// - Throws: `CommandFailure` when the file cannot be read.
  func keptIssuer() throws -> String {
    do throws(KeyFileError) { return try AuthorityAddresses.keptBase(at: issuerAddress) } catch {
      throw CommandFailure(error.message)
    }
  }

  // MARK: Threads

  /// Runs work that blocks on files and the database on a thread of its own.
  private static func offPool(_ body: @escaping @Sendable () throws -> Void) async throws {
    let failure = await withCheckedContinuation { continuation in
      Thread {
        do {
          try body()
          continuation.resume(returning: String?.none)
        } catch let error as StoreError {
          continuation.resume(returning: error.message)
        } catch {
          continuation.resume(
            returning:
              "The keys that the servers share cannot be read or written. Check the files in the data directory.")
        }
      }.start()
    }
    if let failure { throw CommandFailure(failure) }
  }
}

extension ServiceEnvironment {
  /// The operating system's clock, random ids, and images that are decoded in processes of their own.
  static let system = ServiceEnvironment(
    now: { SystemClock.now() }, makeID: { .random() }, photoEncoder: PhotoProcesses())
}
