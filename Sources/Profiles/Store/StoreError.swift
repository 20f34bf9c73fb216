/// Why a store could not do its work. Nothing of the request was committed, except for `unresolved`, whose outcome is
/// unknown.
public enum StoreError: Error, Equatable, Sendable {
  /// The data is damaged; the sentence says what was found, without any of the data.
  case damaged(String)
  /// The store takes no writes now, or its database cannot be used as it is; the sentence says why.
  case readOnly(String)
  /// The disk is full.
  case diskFull
  /// The database can be neither read nor written at the moment; the sentence says why.
  case unavailable(String)
  /// The outcome is unknown: a commit failed or its reply was lost, and it could not be found out whether it was done.
  /// The write must not be repeated without looking first.
  case unresolved
  /// A failure that may have passed already, so that the request can be repeated. The sentence is for the log.
  case transient(String)
  /// More writes wait than `Limits.queuedWritesMax`.
  case overloaded
  /// The store was closed.
  case closed
  /// The caller's account is disabled. Nothing was read or written.
  case accountDisabled
  /// Another failure; the sentence is for the log.
  case failed(String)

  /// A sentence for the operator.
  public var message: String {
    switch self {
    case .damaged(let reason), .readOnly(let reason), .unavailable(let reason), .failed(let reason),
      .transient(let reason):
      reason
    case .unresolved: "A commit failed or its answer was lost, and it is not known whether it was done."
    case .diskFull: "The disk is full. Make room, then repeat."
    case .overloaded: "Too many writes are waiting."
    case .closed: "The store is closed."
    case .accountDisabled: "The account of the caller is disabled."
    }
  }
}
