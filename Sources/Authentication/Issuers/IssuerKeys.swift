import OData
import Synchronization

/// The keys of one external issuer: a snapshot that can be read at any time, and a refresh that concurrent callers
/// share.
final class IssuerKeys: Sendable {
  /// The result of a lookup.
  enum Lookup: Sendable {
    case key(VerificationKey)
    /// A refresh may bring the key: look it up again afterwards.
    case refreshNeeded
    case unknownKey
    /// No fetch has succeeded so far.
    case unavailable
  }

  private struct State {
    var keys: [BytewiseString: VerificationKey]?
    /// When the last refresh ended, successful or not, in seconds since 1970.
    var endedAt: Int64?
    /// When `keys` were fetched.
    var fetchedAt: Int64 = 0
    var refresh: Task<Void, Never>?
  }

  let issuer: ExternalIssuer
  private let state = Mutex(State())

  init(_ issuer: ExternalIssuer) { self.issuer = issuer }

  /// The key of this id, from memory.
  ///
  /// Asks for a refresh when the key is unknown or the keys are older than `Limits.keyAgeSecondsMax`, but not within
  /// `Limits.keyRefreshSeconds` of the last one. Old keys stay in use while the issuer cannot be reached. `now` is in
  /// seconds since 1970.
  func lookup(_ keyID: BytewiseString, now: Int64) -> Lookup {
    state.withLock { state in
      let mayRefresh = state.refresh != nil || Self.isDue(state, now: now)
      let isOld = abs(now - state.fetchedAt) >= Int64(Limits.keyAgeSecondsMax)
      guard let keys = state.keys else { return mayRefresh ? .refreshNeeded : .unavailable }
      let asksForOld = isOld && mayRefresh && state.refresh == nil
      if let key = keys[keyID], !asksForOld { return .key(key) }
      return mayRefresh ? .refreshNeeded : .unknownKey
    }
  }

  /// Fetches the keys, joins a fetch in progress, or returns at once when the last one is too recent.
  ///
  /// `finish` is called once per fetch, before any waiting caller resumes, with whether the keys changed.
  func refresh(
    clock: @escaping @Sendable () -> Int64,
    fetch: @escaping @Sendable (ExternalIssuer) async -> Result<[BytewiseString: VerificationKey], KeyFetchError>,
    finish: @escaping @Sendable (Result<Bool, KeyFetchError>) -> Void
  ) async {
    let task: Task<Void, Never>? = state.withLock { state in
      if let running = state.refresh { return running }
      guard Self.isDue(state, now: clock()) else { return nil }
      let task = Task { [self] in
        let result = await fetch(issuer)
        finish(result.map { store($0, now: clock()) })
        end(now: clock())
      }
      state.refresh = task
      return task
    }
    await task?.value
  }

  /// A clock that was set back must not stop refreshes, so the difference counts in both directions.
  private static func isDue(_ state: State, now: Int64) -> Bool {
    guard let endedAt = state.endedAt else { return true }
    return abs(now - endedAt) >= Int64(Limits.keyRefreshSeconds)
  }

  /// Stores fetched keys; returns whether they differ from the previous ones.
  private func store(_ keys: [BytewiseString: VerificationKey], now: Int64) -> Bool {
    state.withLock { state in
      let isChanged = state.keys?.mapValues(\.material) != keys.mapValues(\.material)
      state.keys = keys
      state.fetchedAt = now
      return isChanged
    }
  }

  private func end(now: Int64) {
    state.withLock { state in
      state.endedAt = now
      state.refresh = nil
    }
  }
}
