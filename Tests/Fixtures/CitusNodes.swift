import Foundation

/// The nodes that `Scripts/with-citus` started, which tests make fail.
public enum CitusNodes {
  /// A node of the script.
  public enum Node: String, CaseIterable, Sendable {
    case coordinator, first, second
    /// Runs only once it is started.
    case third
  }

  /// What is done to a node.
  public enum Order: String, Sendable {
    /// Makes it, if it is not there, and starts it.
    case start
    /// Stops it as a loss of power would.
    case kill
    /// Keeps its processes from running. Its connections stay open, and the system acknowledges what is sent.
    case pause
    /// Lets its processes run again.
    case resume
  }

  /// A node did not do as it was told, or there is none.
  public struct Failure: Error {
    let message: String
  }

  private static let environment = ProcessInfo.processInfo.environment

  /// Whether the tests run on Citus.
  public static let areThere = environment["TEST_CITUS_CTL"] != nil

  /// The workers of every database, and their ports.
  public static let workers: [Node: String] = {
    let ports = environment["TEST_CITUS_WORKERS"]?.split(separator: " ").map(String.init) ?? []
    return ports.count == 2 ? [.first: ports[0], .second: ports[1]] : [:]
  }()

  /// The port of a worker. Throws `Failure` when there is none.
  public static func port(of node: Node) throws -> String {
    guard let port = node == .third ? environment["TEST_CITUS_SPARE"] : workers[node] else {
      throw Failure(message: "There is no node \(node). Run the tests by 'make test-citus'.")
    }
    return port
  }

  /// Does something to a node, and returns when it is done. Throws `Failure` when it is not.
  public static func order(_ node: Node, _ order: Order) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      DispatchQueue.global().async { continuation.resume(with: Result { try run(node, order) }) }
    }
  }

  private static func run(_ node: Node, _ order: Order) throws {
    guard let command = environment["TEST_CITUS_CTL"] else { throw Failure(message: "There are no nodes.") }
    let process = Process()
    process.executableURL = URL(filePath: command)
    process.arguments = [node.rawValue, order.rawValue]
    // A server keeps open what it inherits.
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try ProcessGate.run(process)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(message: "The node \(node) did not \(order).") }
  }

  /// Does something to a node while `body` runs, and undoes it afterwards, whatever comes of it. Throws `Failure`, and what
  /// `body` throws.
  public static func with(_ node: Node, _ order: Order, _ body: () async throws -> Void) async throws {
    try await self.order(node, order)
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    try await self.order(node, order == .pause ? .resume : .start)
    try result.get()
  }
}
