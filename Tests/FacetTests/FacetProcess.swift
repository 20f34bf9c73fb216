import Fixtures
import Foundation
import HTTPProbe
import Testing

/// A process of the built binary, started as a user would start it.
final class FacetProcess: Sendable {
  /// The content of the ready file.
  struct Ready: Decodable, Sendable {
    struct Credentials: Decodable, Sendable {
      let clientId: String
      let clientSecret: String
      let identityEndpoint: String
      let identityHeader: String
    }
    let pid: Int32
    let http: String
    let https: String
    let ca: String
    let tenant: String
    let credentials: Credentials?
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let data: URL
  let ready: Ready
  private let process: Process

  var probe: HTTPProbe { HTTPProbe(port: httpPort) }
  var httpPort: Int { URL(string: ready.http)?.port ?? 0 }

  /// The directory of the tests' own binary, which also holds `facet`.
  static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("facet")

  /// A new directory.
  static func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// Starts a server on free ports and waits until it answers. `openFiles` is its limit of open files.
  static func start(
    data: URL? = nil, demo: Bool = true, arguments: [String] = [], environment: [String: String] = [:],
    openFiles: Int? = nil
  ) async throws -> FacetProcess {
    let data = try data ?? temporaryFolder()
    return try await blocking {
      try FacetProcess(
        data: data, demo: demo, arguments: arguments, environment: environment, openFiles: openFiles)
    }
  }

  private init(
    data: URL, demo: Bool, arguments: [String], environment: [String: String], openFiles: Int?
  ) throws {
    self.data = data
    let readyFile = data.appendingPathComponent("ready-\(UUID().uuidString).json")
    process = Process()
    let command =
      ["serve", "--data", data.path, "--port", "0", "--https-port", "0", "--ready-file", readyFile.path]
      + (demo ? ["--demo"] : []) + arguments
    process.executableURL = openFiles == nil ? Self.binary : URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      openFiles.map { ["-c", "ulimit -n \($0); exec \"$0\" \"$@\"", Self.binary.path] + command } ?? command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Standard output is for the person who started the server, and may name the demo's people.
    process.standardOutput = FileHandle.nullDevice
    let log = data.appendingPathComponent("log.txt")
    if !FileManager.default.fileExists(atPath: log.path) {
      _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    }
    let output = try FileHandle(forWritingTo: log)
    try output.seekToEnd()
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try ProcessGate.run(process)
    ready = try Self.waitForReady(readyFile, process, log)
  }

  private static func waitForReady(_ file: URL, _ process: Process, _ log: URL) throws -> Ready {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      if let data = try? Data(contentsOf: file) { return try JSONDecoder().decode(Ready.self, from: data) }
      guard process.isRunning else {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        throw Failure(description: end(of: process, text))
      }
      usleep(2_000)
    }
    process.terminate()
    throw Failure(description: "facet was not ready within a minute")
  }

  /// The server's log so far.
  var log: String { (try? String(contentsOf: data.appendingPathComponent("log.txt"), encoding: .utf8)) ?? "" }

  /// How the server ended, and the end of its log; `nil` while it runs.
  var end: String? { process.isRunning ? nil : Self.end(of: process, log) }

  private static func end(of process: Process, _ log: String) -> String {
    let kind = process.terminationReason == .uncaughtSignal ? "by signal" : "with status"
    return "The server ended \(kind) \(process.terminationStatus): \(log.suffix(4_000))"
  }

  /// Sends SIGTERM, waits for the process to exit, and returns its status.
  @discardableResult
  func stop() async throws -> Int32 {
    Self.send(SIGTERM, to: process)
    return try await wait()
  }

  /// As `stop`, with the seconds that it took, measured by the thread that waits: the test itself may resume later.
  func stopTimed() async throws -> (status: Int32, seconds: Double) {
    try await blocking { [process] in
      let start = ContinuousClock.now
      Self.send(SIGTERM, to: process)
      process.waitUntilExit()
      return (process.terminationStatus, (ContinuousClock.now - start) / .seconds(1))
    }
  }

  /// Kills the server at once, as a loss of power would.
  func killAtOnce() async throws {
    Self.send(SIGKILL, to: process)
    _ = try await wait()
  }

  /// Signals a process unless it has ended, when its id may be another's.
  private static func send(_ signal: Int32, to process: Process) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  private func wait() async throws -> Int32 {
    try await blocking { [process] in
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// A delegated token for a person, by id or principal name.
  func token(user: String, scopes: String = "User.ReadWrite", extra: [String] = []) async throws -> String {
    try await Self.token(data: data, ["--user", user, "--scopes", scopes] + extra)
  }

  /// An app-only token.
  func token(app: String = "0d2e8a3c-5b14-4c76-9f0b-7a6c1d2e3f40", roles: String) async throws -> String {
    try await Self.token(data: data, ["--app", app, "--roles", roles])
  }

  private static func token(data: URL, _ arguments: [String]) async throws -> String {
    let result = try await run(["token", "--data", data.path] + arguments)
    guard result.status == 0, let last = result.output.split(separator: "\n").last else {
      throw Failure(description: "facet token: \(result.output)\(result.errors)")
    }
    return String(last)
  }

  /// The output and the exit status of a command.
  struct CommandResult: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs `facet` with these arguments to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil
  ) async throws -> CommandResult {
    try await blocking {
      let process = Process()
      process.executableURL = binary
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      let folder = try temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let files = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
      try (input ?? "").write(to: files[0], atomically: true, encoding: .utf8)
      for file in files[1...] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
      process.standardInput = try FileHandle(forReadingFrom: files[0])
      process.standardOutput = try FileHandle(forWritingTo: files[1])
      process.standardError = try FileHandle(forWritingTo: files[2])
      try ProcessGate.run(process)
      process.waitUntilExit()
      return CommandResult(
        status: process.terminationStatus, output: try String(contentsOf: files[1], encoding: .utf8),
        errors: try String(contentsOf: files[2], encoding: .utf8))
    }
  }
}

/// Runs a test against a server of its own, and always stops that server.
func withFacet(
  demo: Bool = true, arguments: [String] = [], environment: [String: String] = [:], openFiles: Int? = nil,
  _ body: (FacetProcess) async throws -> Void
) async throws {
  let facet = try await FacetProcess.start(
    demo: demo, arguments: arguments, environment: environment, openFiles: openFiles)
  do {
    try await body(facet)
  } catch {
    if let end = facet.end { Issue.record("\(end)") }
    try await facet.stop()
    throw error
  }
  #expect(try await facet.stop() == 0, "SIGTERM must end the server with status 0")
  try FileManager.default.removeItem(at: facet.data)
}

/// The ids of the demo's people and of the published page's phone.
enum Demo {
  static let innocenty = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  static let innocentyName = "innocenty@contoso.example"
  static let amara = "2b1d6f0e-8a77-4d0c-b1f4-5c9a3e7d2a61"
  static let lena = "7e3f9a52-4c1b-4e8d-9b60-d2a8f5c31e97"
  static let phone = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"
  static let phonePath = "/beta/me/profile/phones/\(phone)"
}
