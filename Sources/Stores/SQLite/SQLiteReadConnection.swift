import OData
import Profiles

/// Where one thread reads: opens its connection when it is first needed. Belongs to that thread.
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

  /// Opens the connection ahead of the first read; whether that fails shows at the read.
  func open() { _ = try? opened() }

  /// Runs one read. Readers wait for nobody in WAL mode, except for the moment in which another connection
  /// recovers the log; that is tried again. So is what the disk or the memory failed, and what looks like damage: past the
  /// pages that were read before, which may be what is wrong.
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

  /// Runs reads as of one moment, as far as they are done before `body` returns.
  func withSnapshot(_ body: () -> Void) {
    guard !condition.isClosed, let statements = try? opened() else { return body() }
    statements.withSnapshot(body)
  }

  private func opened() throws(SQLiteFailure) -> SQLiteReadStatements {
    if let statements { return statements }
    let opened = try SQLiteReadStatements(path, policyDefaults)
    // By its name another file could have been opened.
    guard condition.hasFilesInPlace() else { throw .misplaced }
    statements = opened
    return opened
  }
}
