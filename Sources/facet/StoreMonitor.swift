import Logging
import OData
import Profiles
import ServiceLifecycle
import Stores

/// Logs changes of the store's health while the server runs: that it refuses writes, that it takes them again, and its
/// warnings. Stores write no log themselves.
struct StoreMonitor: Service {
  private let store: any AdministeredStore
  private let logger: Logger

  /// Watches `store`. Its health at the start is logged elsewhere.
  init(_ store: any AdministeredStore, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  func run() async throws {
    let start = store.health
    try? await cancelWhenGracefulShutdown {
      var reported = StoreNotices(health: start, warning: nil)
      while true {
        try await Task.sleep(for: .seconds(Limits.filesSeconds))
        for notice in reported.update(health: store.health, warning: store.warning) {
          logger.log(level: notice.level, "\(notice.message)", metadata: notice.reason.map { ["reason": "\($0)"] })
        }
      }
    }
  }
}

/// What was logged about a store so far, so that each change is logged once.
struct StoreNotices {
  /// A log entry.
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

  /// The log entries for what has changed.
  mutating func update(health: StoreHealth, warning: String?) -> [Notice] {
    var notices: [Notice] = []
    if health != self.health {
      switch health {
      case .healthy: notices.append(Notice(level: .notice, message: "The store takes writes again."))
      // The warning names the nodes.
      case .limited(let reason):
        notices.append(Notice(level: .error, message: "A part of the store cannot be used.", reason: reason))
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
