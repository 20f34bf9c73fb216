import Dispatch
import OData
import Profiles
import Synchronization

/// Asks one node of a spread database every second whether it answers, on a thread and a connection of its own: a read that
/// takes long, or that waits for another node, then never makes a node seem to be away, and nobody who asks for something
/// has to find out that it is.
final class PostgreSQLWatch: Sendable {
  /// What a question found.
  struct Finding: Sendable {
    let state: PostgreSQLReachability.State
    /// The settings of the node; nil when it did not answer.
    let settings: PostgreSQLNodeSettings?
  }

  private let access: PostgreSQLAccess
  private let address: PostgreSQLAddress?
  private let isStopped = Atomic(false)
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// Starts the thread, which asks the node at `address`, or the server that the URL of the store names when that is nil.
  /// `report` is called there after each question.
  init(_ access: PostgreSQLAccess, at address: PostgreSQLAddress?, _ report: @escaping @Sendable (Finding) -> Void) {
    self.access = access
    self.address = address
    ended.enter()
    StoreThread.start("facet-watch") { [self] in
      run(report)
      ended.leave()
    }
  }

  /// Ends the thread.
  func stop() {
    isStopped.store(true, ordering: .releasing)
    wake.signal()
  }

  /// Waits for the thread to end, after `stop`.
  func waitForEnd() { ended.wait() }

  private func run(_ report: (Finding) -> Void) {
    var connection: PostgreSQLConnection?
    var silence = PostgreSQLSilence(maxSeconds: access.options.retrySeconds)
    while !isStopped.load(ordering: .acquiring) {
      defer { _ = wake.wait(timeout: .now() + .seconds(Limits.nodeQuestionSeconds)) }
      // A node from which everything was moved away may be taken down.
      guard isNeeded else {
        connection = nil
        silence.end()
        continue
      }
      var asked = DispatchTime.now()
      do throws(PostgreSQLFailure) {
        if connection?.isLost ?? true {
          connection = try connect()
          asked = .now()
        }
        guard let connection else { throw .disconnected }
        let settings = try PostgreSQLNodeSettings.own(connection)
        silence.end()
        report(Finding(state: .answers, settings: settings))
        access.shards.readIfOld(connection)
      } catch {
        connection = nil
        silence.addQuestion(seconds: Double(DispatchTime.now().uptimeNanoseconds - asked.uptimeNanoseconds) / 1e9)
        report(Finding(state: silence.isLong ? .isAway : .isDoubtful, settings: nil))
      }
    }
  }

  /// Whether the node holds people.
  private var isNeeded: Bool {
    guard let address, let map = access.shards.map else { return true }
    return map.people.contains { $0.node == address }
  }

  private func connect() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    try PostgreSQLConnection(
      access.options.url, at: address, namesStatements: false, answerSeconds: Limits.nodeSilenceSeconds, for: .watch)
  }
}
