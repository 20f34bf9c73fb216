import Dispatch
import OData
import Profiles
import Synchronization

/// What a thread of the pool owns: its connection, made when it is first needed and again when it was lost.
final class PostgreSQLSession {
  private let options: PostgreSQLOptions
  private var current: PostgreSQLConnection?
  let standings: PostgreSQLStandings

  init(_ options: PostgreSQLOptions) {
    self.options = options
    standings = PostgreSQLStandings(options.undecided)
  }

  /// The connection, checked to have this program's form.
  func connection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    if let current, !current.isLost { return current }
    let made = try PostgreSQLConnection(options.url, namesStatements: options.namesStatements)
    try PostgreSQLSchema.check(made)
    current = made
    return made
  }

  /// Lets go of a connection that cannot be used any more.
  func reset() { current = nil }

  /// Runs queries; a lost connection is made again, and reads are repeated until the deadline.
  func read<Answer>(
    _ body: (PostgreSQLConnection) throws(PostgreSQLFailure) -> Answer
  ) -> Result<Answer, StoreError> {
    let deadline = DispatchTime.now() + .seconds(Limits.databaseRetrySeconds)
    while true {
      do throws(PostgreSQLFailure) {
        return .success(try body(try connection()))
      } catch {
        if error == .disconnected { reset() }
        guard error.isOutage || error.isUnprepared, DispatchTime.now() < deadline else {
          return .failure(error.storeError)
        }
        if error.isOutage { StoreThread.pause(milliseconds: 50) }
      }
    }
  }
}

/// Threads that read, each with a connection of its own. Calls into libpq block, so they never run elsewhere.
final class PostgreSQLPool: Sendable {
  typealias Read = @Sendable (PostgreSQLSession) -> Void

  private struct State {
    var waiting: [Read] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()
  private let count: Int

  /// Starts the threads.
  init(_ options: PostgreSQLOptions) {
    count = options.readers
    for _ in 0..<count {
      ended.enter()
      StoreThread.start("facet-reader") { [self] in
        run(PostgreSQLSession(options))
        ended.leave()
      }
    }
  }

  /// Queues a read; false after `stop`.
  func submit(_ read: @escaping Read) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting.append(read)
      return true
    }
    if isTaken { wake.signal() }
    return isTaken
  }

  /// Finishes the reads that wait and ends the threads.
  func stop() {
    state.withLock { $0.isClosed = true }
    for _ in 0..<count { wake.signal() }
  }

  func waitForEnd() { ended.wait() }

  private func run(_ session: PostgreSQLSession) {
    while true {
      wake.wait()
      let (read, isDone) = state.withLock { state -> (Read?, Bool) in
        let read = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        return (read, state.isClosed && read == nil)
      }
      read?(session)
      if isDone { return }
    }
  }
}
