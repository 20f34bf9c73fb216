import Authentication
import NIOHTTP1
import Profiles

extension GraphError {
  /// An error of the store. 503 is used only when nothing was changed, because official clients repeat such a request.
  init(_ error: StoreError) {
    switch error {
    case .damaged, .failed:
      self.init(
        status: .internalServerError, code: .generalException,
        message: "The server could not read or write its data. Nothing was changed; its log says why.")
    case .unresolved:
      // Not 503: a repeated creation could create twice.
      self.init(
        status: .internalServerError, code: .generalException,
        message: "It is not known whether this write was saved. Read the resource before you repeat it; a creation can "
          + "be repeated with the same Idempotency-Key.")
    case .transient:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server could not read or write its data just now. Nothing was changed; try again after the time "
          + "in Retry-After.", headers: Self.retryLater)
    case .unavailable:
      // Reads fail as well as writes.
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server cannot reach its database now. Nothing was changed; /readyz says why.",
        headers: Self.retryLater)
    case .closed:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server is stopping. Nothing was changed; try again after the time in Retry-After.",
        headers: Self.retryLater)
    case .readOnly:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server takes no writes now. Nothing was changed; /readyz says why.", headers: Self.retryLater)
    case .diskFull:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "The server's disk is full. Nothing was changed; try again when there is room.",
        headers: Self.retryLater)
    case .accountDisabled:
      // `GraphHandler` answers it with a challenge.
      self.init(
        status: .unauthorized, code: .invalidAuthenticationToken, message: TokenRefusal.accountDisabled.message)
    case .overloaded:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "Too many writes are waiting. Nothing was changed; try again after the time in Retry-After.",
        headers: Self.retryLater)
    }
  }

  /// Not 503, after which official clients would write again.
  static let writtenButUnread = GraphError(
    status: .internalServerError, code: .generalException,
    message: "The write was saved, but its result could not be read. Read the resource; do not write it again.")

  /// Official clients wait this many seconds; with zero they would use a longer pause of their own.
  static let retryLater: HeaderFields = [.retryAfter: "1"]
}
