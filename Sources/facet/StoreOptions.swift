import ArgumentParser
import Authority
import Foundation
import ProfileServer
import Profiles
import Stores

/// Where the data is, the same for every command.
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

  /// Whether the people are in PostgreSQL.
  var isPostgreSQL: Bool { store.hasPrefix("postgresql://") || store.hasPrefix("postgres://") }

  /// The database file.
  var database: String { "\(data)/facet.db" }
  /// The keys that sign tokens.
  var keys: String { "\(data)/keys" }
  /// The key that seals links to further pages.
  var pageTokenCipher: String { "\(data)/pages.key" }
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
      throw CommandFailure("The directory \(data) cannot be made: \(Self.reason(error)). Choose another with --data.")
    }
  }

  /// What the operating system said, without the path, which stands in the sentence already.
  private static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    guard cause.domain == NSPOSIXErrorDomain else { return "its path leads through a file, or may not be written" }
    return String(cString: strerror(Int32(clamping: cause.code)))
  }

  /// Whether the directory has the keys that servers of a database share.
  private var hasKeys: Bool {
    let signing = (try? FileManager.default.contentsOfDirectory(atPath: keys)) ?? []
    return signing.contains { $0.hasPrefix("key-") && $0.hasSuffix(".pem") }
      && FileManager.default.fileExists(atPath: pageTokenCipher)
  }

  /// Opens the store for writing; of a SQLite store no other server may be the owner. `policyDefaults` are policies of tenants
  /// that decided nothing. For a server one in PostgreSQL that was opened before opens all the same while its database is
  /// away.
  func open(
    policyDefaults: [TenantID: TenantPolicy] = [:], forServer: Bool = false
  ) throws -> any AdministeredStore {
    try makeDirectory()
    guard !isPostgreSQL else {
      return try openPostgreSQL { options in
        options.policyDefaults = policyDefaults
        options.opensWithoutServer = forServer && hasKeys
      }
    }
    do throws(StoreOpenError) {
      return try SQLiteStore.open(database, options: SQLiteOptions(policyDefaults: policyDefaults))
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for one short write, beside the server that may own it.
  func openBeside() throws -> any AdministeredStore {
    try makeDirectory()
    guard !isPostgreSQL else { return try openPostgreSQL() }
    do throws(StoreOpenError) {
      return try SQLiteStore.openBeside(database)
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Opens the store for reading, beside the server that may own it.
  func openReadOnly() throws -> any AdministeredStore {
    isPostgreSQL ? try openPostgreSQL() : try openReadOnlySQLite()
  }

  /// The same of the store in the data directory alone, for what only that can do.
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

  private func openPostgreSQL(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) throws -> PostgreSQLStore {
    var settings = PostgreSQLOptions(url: store, keyDirectory: data)
    settings.namesStatements = !unnamedStatements
    change(&settings)
    do throws(StoreError) { return try PostgreSQLStore(settings) } catch { throw CommandFailure(error.message) }
  }

  /// Loads the keys of the built-in authority and of links. Servers that share a database share them: what it has counts,
  /// and what it has not is put there.
  func loadKeys(_ store: (any AdministeredStore)?) async throws -> (issuer: OwnIssuer, pageTokenCipher: PageTokenCipher)
  {
    do {
      guard let store = store as? PostgreSQLStore else {
        return (try await OwnIssuer.load(directory: keys), try await PageTokenCipher.load(path: pageTokenCipher))
      }
      // While the database is away, a server starts with the keys that it shared before.
      if store.health == .healthy { try await share(store) }
      let issuer = try await OwnIssuer.load(directory: keys) { [data] name, bytes throws(KeyFileError) in
        try Self.share(name, bytes, store, data)
      }
      return (issuer, try await PageTokenCipher.load(path: pageTokenCipher))
    } catch let error as KeyFileError {
      throw CommandFailure(error.message)
    }
  }

  /// Brings the keys of the data directory and of the database together. The key that signs is not among them when it is still
  /// to be made; it is shared before it is used.
  private func share(_ store: PostgreSQLStore) async throws {
    try await Self.offPool { [data] in try store.shareFiles(in: data, publishes: false) }
    _ = try await PageTokenCipher.load(path: pageTokenCipher)
    try await Self.offPool { [data] in try store.shareFiles(in: data, publishes: true) }
  }

  /// Shares a new key; what the database has afterwards lies in the data directory too. Blocks.
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

  /// The address of the authority, which a server keeps for the commands beside it.
  private var issuerAddress: String { "\(data)/issuer" }

  /// Keeps the address of a server's authority, so that `facet token` names the same issuer.
  func keepIssuer(_ addresses: AuthorityAddresses) async throws {
    do throws(KeyFileError) { try await addresses.keepBase(at: issuerAddress) } catch {
      throw CommandFailure(error.message)
    }
  }

  /// The address that the last server had, or the one that a server would have.
  func keptIssuer() throws -> String {
    do throws(KeyFileError) { return try AuthorityAddresses.keptBase(at: issuerAddress) } catch {
      throw CommandFailure(error.message)
    }
  }

  // MARK: Threads

  /// Runs what reads and writes files and the database on a thread of its own.
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
  /// The operating system's time and random ids.
  static let system = ServiceEnvironment(now: { SystemClock.now() }, makeID: { .random() })
}
