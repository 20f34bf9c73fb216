import OData
import Profiles

/// The connection on which one thread reads: opened lazily, and tried again after failures. Belongs to that thread.
final class SQLiteReadConnection {
  private let path: String
  private let condition: StoreCondition
  private let policyDefaults: [TenantID: TenantPolicy]
  private var statements: SQLiteReadStatements?

  /// Reads the database at `path`.
  init(path: String, condition: StoreCondition, policyDefaults: [TenantID: TenantPolicy] = [:]) {
    self.path = path
    self.condition = condition
    self.policyDefaults = policyDefaults
  }

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
        let attemptsMax = error.isBusy ? Limits.readAttemptsMax : error.mayPass ? Limits.failedAttemptsMax : 1
        guard attempts < attemptsMax else { return .failure(condition.readError(error)) }
        if error.mayPass { statements?.forgetPages() }
        attempts += 1
        StoreThread.pause(milliseconds: 1)
      }
    }
  }

  /// Runs reads on one snapshot, as far as they are answered before `body` returns.
  func withSnapshot(_ body: () -> Void) {
    guard !condition.isClosed, let statements = try? opened() else { return body() }
    statements.withSnapshot(body)
  }

  private func opened() throws(SQLiteFailure) -> SQLiteReadStatements {
    if let statements { return statements }
    let opened = try SQLiteReadStatements(path, policyDefaults)
    // Another file could lie under the name by now.
    guard condition.hasFilesInPlace() else { throw .misplaced }
    statements = opened
    return opened
  }
}
