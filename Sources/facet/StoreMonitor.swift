import Logging
import OData
import Profiles
import ServiceLifecycle
import Stores

/// Tells the log what becomes of the store while the server runs: that it refuses writes, that it takes them again, and what
/// else an operator should know. Stores themselves write no log.
struct StoreMonitor: Service {
  private let store: any AdministeredStore
  private let logger: Logger

  /// Watches `store`, whose state at the start is told already.
  init(_ store: any AdministeredStore, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  func run() async throws {
    let start = store.health
    try? await cancelWhenGracefulShutdown {
      var told = StoreNotices(health: start, warning: nil)
      while true {
        try await Task.sleep(for: .seconds(Limits.filesSeconds))
        for notice in told.update(health: store.health, warning: store.warning) {
          logger.log(level: notice.level, "\(notice.message)", metadata: notice.reason.map { ["reason": "\($0)"] })
        }
      }
    }
  }
}

/// What was told of a store so far, each thing once.
struct StoreNotices {
  /// A line of the log.
  struct Notice: Equatable {
    let level: Logger.Level
    let message: String
    var reason: String?
  }

  private var health: StoreHealth
  private var warning: String?

  init(health: StoreHealth, warning: String?) {
    self.health = health
    self.warning = warning
  }

  /// What is new.
  mutating func update(health: StoreHealth, warning: String?) -> [Notice] {
    var notices: [Notice] = []
    if health != self.health {
      switch health {
      case .healthy: notices.append(Notice(level: .notice, message: "The store takes writes again."))
      case .refusingWrites(let reason):
        notices.append(Notice(level: .error, message: "The store refuses writes.", reason: reason))
      }
    }
    if let warning, warning != self.warning {
      notices.append(Notice(level: .warning, message: "The store needs attention.", reason: warning))
    }
    (self.health, self.warning) = (health, warning)
    return notices
  }
}
