import Fixtures
import Foundation
import StoreConformance
import Stores
import Testing

/// PgBouncer in transaction mode gives each transaction another connection, so that named statements are not there.
@Suite("Behind PgBouncer in transaction mode", .serialized)
struct PostgreSQLPoolerTests {
  @Test("The store keeps the contract with statements that have no names", arguments: StoreConformance.cases)
  func conformance(_ promise: ConformanceCase) async throws {
    let (database, directory) = (try await ThrowawayDatabase(), try Scratch())
    let pooler = try PgBouncer(before: database, in: directory)
    defer { pooler.end() }
    let store = try database.store {
      $0 = PostgreSQLOptions(url: pooler.url, keyDirectory: $0.keyDirectory)
      $0.namesStatements = false
    }
    try await promise.run(store)
    store.close()
    try await database.remove()
    directory.remove()
  }
}

/// A PgBouncer of one test, which has two connections to the server for all its clients.
private final class PgBouncer {
  let url: String
  private let process = Process()

  init(before database: ThrowawayDatabase, in scratch: Scratch) throws {
    let place = try ThrowawayDatabase.server()
    url = "host=\(scratch.directory) port=6432 user=facet dbname=\(database.name)"
    let settings = """
      [databases]
      * = \(place)
      [pgbouncer]
      pool_mode = transaction
      default_pool_size = 2
      auth_type = any
      listen_addr =
      listen_port = 6432
      unix_socket_dir = \(scratch.directory)
      """
    let file = "\(scratch.directory)/pgbouncer.ini"
    try scratch.write(settings.utf8, to: file)
    // It does not run as root.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.directory)
    let isRoot = getuid() == 0
    process.executableURL = URL(filePath: isRoot ? "/usr/sbin/runuser" : "/usr/sbin/pgbouncer")
    process.arguments = (isRoot ? ["-u", "postgres", "--", "/usr/sbin/pgbouncer"] : []) + ["--quiet", file]
    process.standardError = FileHandle.nullDevice
    try ProcessGate.run(process)
    // Its socket is there before it takes anybody.
    var attempts = 0
    while try !takesClients(of: scratch), attempts < 100 { attempts += 1 }
    try #require(attempts < 100, "PgBouncer did not start")
  }

  private func takesClients(of scratch: Scratch) throws -> Bool {
    usleep(50_000)
    let check = Process()
    check.executableURL = URL(filePath: "/usr/bin/pg_isready")
    check.arguments = ["--quiet", "--host", scratch.directory, "--port", "6432"]
    try ProcessGate.run(check)
    check.waitUntilExit()
    return check.terminationStatus == 0
  }

  func end() {
    process.terminate()
    process.waitUntilExit()
  }
}
