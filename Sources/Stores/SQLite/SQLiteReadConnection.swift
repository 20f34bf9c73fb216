import OData
import Profiles

/// The connection on which one thread reads: opened lazily, and tried again after failures. Belongs to that thread.
final class SQLiteReadConnection {
  private let path: String
  private let condition: StoreCondition
  private let policyDefaults: [TenantID: TenantPolicy]
  @exclusivity(unchecked) private var statements: SQLiteReadStatements?
  @exclusivity(unchecked) private var pass = Pass.none

  /// What the current pass of the event loop has read so far. A pass handles all events that have arrived.
  private enum Pass {
    /// Nothing was read yet.
    case none
    /// One read was made, and `endPass` will be called.
    case begun
    /// Reads share a snapshot that was begun after this many commits.
    case shared(commits: Int)
  }

  /// Reads the database at `path`.
  init(path: String, condition: StoreCondition, policyDefaults: [TenantID: TenantPolicy] = [:]) {
    self.path = path
    self.condition = condition
    self.policyDefaults = policyDefaults
  }

  /// Whether the account of a person has to be looked up, because it may be disabled.
  func mayBeDisabled(_ user: UserID) -> Bool { condition.disabledAccounts.mayHold(user) }

  /// Opens the connection ahead of the first read, which reports a failure.
  func open() { _ = try? opened() }

  /// Runs one read. In WAL mode readers wait for nobody, except while another connection recovers the log; then the
  /// read is tried again. So is a read that the disk or the memory failed, or that met what looks like damage: without
  /// the page cache, which may be the culprit.
  func read<Answer>(
    _ body: (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) -> Result<Answer, StoreError> {
    guard !condition.isClosed else {
      statements = nil
      return .failure(.closed)
    }
    var attempts = 1
    while true {
      do throws(SQLiteFailure) {
        return .success(try body(try opened()))
      } catch {
        stopSharing()
        let attemptsMax = error.isBusy ? Limits.readAttemptsMax : error.mayPass ? Limits.failedAttemptsMax : 1
        guard attempts < attemptsMax else { return .failure(condition.readError(error)) }
        if error.mayPass { statements?.forgetPages() }
        attempts += 1
        StoreThread.pause(milliseconds: 1)
      }
    }
  }

  // MARK: Snapshots

  /// To be called before a read on an event loop. From the second read on, the reads of one pass of the loop share a
  /// snapshot, which saves each of them locking the file. A commit ends the sharing, so that every read sees what was
  /// acknowledged before it. The first read calls `atEnd`, which must arrange that `endPass` is called after the pass.
  func readInPass(atEnd: () -> Void) {
    switch pass {
    case .none:
      pass = .begun
      atEnd()
    case .begun: share()
    case .shared(let commits):
      guard commits != condition.commits else { return }
      stopSharing()
      share()
    }
  }

  /// Ends the pass and the snapshot that its reads share.
  func endPass() {
    stopSharing()
    pass = .none
  }

  private func share() {
    let commits = condition.commits
    guard !condition.isClosed, let statements = try? opened(), statements.beginSnapshot() else { return }
    pass = .shared(commits: commits)
  }

  private func stopSharing() {
    guard case .shared = pass else { return }
    statements?.endSnapshot()
    pass = .begun
  }

  /// Runs reads on one snapshot, as far as they are answered before `body` returns.
  func withSnapshot(_ body: () -> Void) {
    guard !condition.isClosed, let statements = try? opened() else { return body() }
    statements.withSnapshot(body)
  }

  private func opened() throws(SQLiteFailure) -> SQLiteReadStatements {
    if let statements, !statements.isStuck { return statements }
    let opened = try SQLiteReadStatements(path, policyDefaults)
    // Another file could lie under the name by now.
    guard condition.hasFilesInPlace() else { throw .misplaced }
    statements = opened
    return opened
  }
}
