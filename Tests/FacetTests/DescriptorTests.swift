import Fixtures
import Foundation
import HTTPProbe
import Testing

/// More connections than the process may have open files.
@Suite("Descriptors")
struct DescriptorTests {
  private static let reached = "No more connections are accepted"
  private static let exhausted = "the system gives no more descriptors"

  @Test(
    "At the bound both listeners pause and the log says so once; nothing spins, and accepting resumes when some close")
  func bound() async throws {
    try await withFacet(openFiles: 200) { facet in
      let securePort = try #require(URL(string: facet.ready.https)?.port)
      try await blocking {
        var open = try (0..<260).map { _ in try HTTPConnection(port: facet.httpPort) }
        let bound = try Self.patiently { Self.bound(in: facet.log) }
        #expect(bound >= 16 && bound < 200)
        // Every accepted connection is answered, and the first that is not accepted has to wait.
        for index in [0, bound / 2, bound - 1] { try Self.expectAnswer(open[index]) }
        let isAnswered = try Self.isAnswered(open[bound])
        #expect(!isAnswered)
        // The other listener pauses too: a TLS handshake gets no response, not even a refusal.
        let isRefusedNow = try Self.isRefused(HTTPConnection(port: securePort, timeoutSeconds: 1))
        #expect(!isRefusedNow)
        try Self.expectIdle(facet)
        #expect(Self.count(Self.reached, in: facet.log) == 1 && !facet.log.contains(Self.exhausted))
        // Closing a connection of one listener lets the other resume as well.
        open.removeFirst(220)
        for connection in open.suffix(20) { try Self.expectAnswer(connection) }
        let isRefusedLater = try Self.isRefused(HTTPConnection(port: securePort, timeoutSeconds: 20))
        #expect(isRefusedLater)
        #expect(Self.count(Self.reached, in: facet.log) == 1)
      }
    }
  }

  @Test(
    "When the system still runs out of descriptors, nothing spins, the log says so once, and accepting resumes later")
  func exhaustion() async throws {
    try await withFacet { facet in
      try await blocking {
        let (port, pid) = (facet.httpPort, facet.ready.pid)
        let first = try HTTPConnection(port: port, timeoutSeconds: 20)
        try Self.expectAnswer(first)
        let inUse = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        try Self.setOpenFiles(of: pid, to: inUse + 4)
        let waiting = try (0..<30).map { _ in try HTTPConnection(port: port, timeoutSeconds: 20) }
        _ = try Self.patiently { facet.log.contains(Self.exhausted) ? true : nil }
        try Self.expectIdle(facet)
        try Self.expectAnswer(first)
        #expect(Self.count(Self.exhausted, in: facet.log) == 1)
        try Self.setOpenFiles(of: pid, to: 1_024)
        for connection in waiting { try Self.expectAnswer(connection) }
        #expect(Self.count(Self.exhausted, in: facet.log) == 1)
      }
    }
  }

  @Test("A process with too low a limit of open files does not start, and says how to raise it")
  func tooFew() async throws {
    let error = await #expect(throws: FacetProcess.Failure.self) { try await FacetProcess.start(openFiles: 60) }
    #expect(error?.description.contains("Raise the number with 'ulimit -n'") == true, "\(error?.description ?? "")")
  }

  // MARK: Connections

  private static func expectAnswer(_ connection: HTTPConnection) throws {
    try connection.send(HTTPProbe.text("GET", "/healthz"))
    #expect(try connection.readAnswer().status == 200)
  }

  /// Whether the server answers or closes within two seconds. A connection that must be answered may take longer.
  private static func isAnswered(_ connection: HTTPConnection) throws -> Bool {
    try connection.send(HTTPProbe.text("GET", "/healthz"))
    usleep(2_000_000)
    return connection.hasAnswer
  }

  /// Whether a TLS listener refuses bytes that are no handshake, which it does as soon as it has accepted.
  private static func isRefused(_ connection: HTTPConnection) throws -> Bool {
    try connection.send("no handshake\r\n\r\n")
    do {
      return try !connection.readToEnd().isEmpty
    } catch HTTPConnection.Failure.timedOut {
      return false
    } catch {
      return true
    }
  }

  // MARK: CPU time

  /// A waiting process uses almost no CPU time; a spinning one uses most of a core.
  private static func expectIdle(_ facet: FacetProcess) throws {
    let before = try ticks(of: facet.ready.pid)
    usleep(2_000_000)
    let seconds = Double(try ticks(of: facet.ready.pid) - before) / Double(sysconf(Int32(_SC_CLK_TCK)))
    #expect(seconds < 0.3, "\(seconds) s of processor time in 2 s")
  }

  /// The CPU time of a process, user and system, in the clock ticks of `/proc`.
  private static func ticks(of pid: Int32) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    // The second field may hold spaces; it ends with the last parenthesis.
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    return try #require(Int(fields[12])) + #require(Int(fields[13]))
  }

  private static func bound(in log: String) -> Int? {
    log.firstMatch(of: /connections=(\d+)[^\n]*No more connections/).flatMap { Int($0.output.1) }
  }

  private static func count(_ text: String, in log: String) -> Int { log.components(separatedBy: text).count - 1 }

  private static func patiently<Value>(_ look: () throws -> Value?) throws -> Value {
    for _ in 0..<300 {
      if let value = try look() { return value }
      usleep(100_000)
    }
    return try #require(try look())
  }

  /// Sets the limit of open files of another process.
  private static func setOpenFiles(of pid: Int32, to count: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["prlimit", "--pid", "\(pid)", "--nofile=\(count):"]
    try ProcessGate.run(process)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}
