import Fixtures
import Foundation
import Stores
import Testing

/// A PostgreSQL that belongs to one test, which may do to it what others would suffer from.
final class OwnServer {
  /// How the server is reached, without a database.
  let connection: String
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  /// Restarts the server when it is told to, and says so. A process that starts a server cannot be waited for: the server
  /// keeps open what it inherits.
  private static let script = """
    echo "$TEST_POSTGRESQL"
    while read -r order; do
      mode=--mode=immediate; [ "$order" = start ] && mode=
      cd / && $TEST_POSTGRESQL_CTL $mode "$order" >/dev/null 2>&1 && echo "$order" || echo failed
    done
    """

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    process.executableURL = root.appending(path: "Scripts/with-postgresql")
    process.arguments = ["bash", "-c", Self.script]
    process.standardOutput = output
    process.standardInput = input
    try ProcessGate.run(process)
    connection = try Self.line(output)
  }

  private static func line(_ output: Pipe) throws -> String {
    var line: [UInt8] = []
    while line.last != 0x0A {
      line.append(try #require(try output.fileHandleForReading.read(upToCount: 1)?.first, "The server did not start"))
    }
    return String(decoding: line.dropLast(), as: UTF8.self)
  }

  /// The directory of the socket.
  var socketDirectory: String {
    connection.split(separator: " ").first { $0.hasPrefix("host=") }.map { String($0.dropFirst(5)) } ?? ""
  }

  /// A store on the database that every server has.
  func store(keys: Scratch, through directory: String? = nil, _ change: (inout PostgreSQLOptions) -> Void = { _ in })
    throws -> PostgreSQLStore
  {
    let place = directory.map { connection.replacing("host=\(socketDirectory)", with: "host=\($0)") } ?? connection
    var options = PostgreSQLOptions(url: "\(place) dbname=postgres", keyDirectory: keys.directory)
    change(&options)
    return try PostgreSQLStore(options)
  }

  /// Stops the server as a loss of power would, and starts it again.
  func restartImmediately() throws { try order("restart") }

  /// Stops the server as a loss of power would.
  func stop() throws { try order("stop") }

  /// Starts the server again.
  func start() throws { try order("start") }

  private func order(_ word: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data("\(word)\n".utf8))
    let answer = try Self.line(output)
    try #require(answer == word, "The server did not do as it was told")
  }

  /// Ends every connection but the one that asks.
  func terminateConnections() throws {
    let psql = Process()
    psql.executableURL = URL(filePath: "/usr/bin/psql")
    psql.arguments = [
      "--no-psqlrc", "--quiet", "\(connection) dbname=postgres", "-c",
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
    ]
    psql.standardOutput = FileHandle.nullDevice
    try ProcessGate.run(psql)
    psql.waitUntilExit()
  }

  /// Ends the server and takes its directory away.
  func end() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
