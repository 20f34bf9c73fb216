import Dispatch
import GRDB
import OData
import Profiles
import Synchronization

/// Checks the integrity of the whole file after a start, on a thread of the least priority. When it finds damage, the
/// store refuses writes.
final class SQLiteStartCheck: Sendable {
  private let interrupt = Mutex<(@Sendable () -> Void)?>(nil)
  private let condition: StoreCondition
  private let ended = DispatchGroup()

  /// Starts the check of the database at `path`.
  init(path: String, condition: StoreCondition) {
    self.condition = condition
    ended.enter()
    StoreThread.start("facet-check") { [self] in
      StoreThread.yieldToOthers()
      run(path)
      ended.leave()
    }
  }

  /// Interrupts the check.
  func stop() { interrupt.withLock { $0?() } }

  /// Waits for the end of the check.
  func waitForEnd() { ended.wait() }

  private func run(_ path: String) {
    do throws(SQLiteFailure) {
      let connection = try SQLiteConnection(path, .readPatiently)
      defer { connection.close() }
      guard try isSmallEnough(connection) else { return }
      let queue = connection.queue
      // SQLite lets any thread interrupt a connection that is still open; the closure is removed before it closes.
      interrupt.withLock { $0 = { queue.interrupt() } }
      defer { interrupt.withLock { $0 = nil } }
      guard !condition.isClosed else { return }
      for attempt in 1...Limits.failedAttemptsMax {
        do throws(SQLiteFailure) {
          if try connection.value("pragma quick_check(1)") == "ok" { return }
          // A read that was cut short once looks like damage; it counts when a second attempt finds it, too.
          guard attempt == Limits.failedAttemptsMax else { continue }
          condition.noteDamage(.damaged(SQLiteFailure.damageSentence("a check found faults")))
        } catch {
          guard error.mayPass, attempt < Limits.failedAttemptsMax, !condition.isClosed else { throw error }
        }
        connection.forgetPages()
      }
    } catch {
      condition.note(error)
    }
  }

  private func isSmallEnough(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Bool {
    let pages = try connection.value("pragma page_count").flatMap { Int($0) } ?? 0
    let pageBytes = try connection.value("pragma page_size").flatMap { Int($0) } ?? 0
    return pages * pageBytes <= Limits.startCheckBytesMax
  }
}
