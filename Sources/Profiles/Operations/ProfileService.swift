import OData

/// Runs the operations of the profile domain on a store. Everything above speaks to this, never to a store.
public final class ProfileService: Sendable {
  let store: any ProfileStore
  let environment: ServiceEnvironment
  let evaluations: EvaluationQueue

  /// A service on `store`, whose long queries share the threads of `evaluations`.
  public init(store: any ProfileStore, environment: ServiceEnvironment, evaluations: EvaluationQueue) {
    self.store = store
    self.environment = environment
    self.evaluations = evaluations
  }

  /// Makes the one session of a thread; `resume` brings late answers back to it.
  public func makeSession(resume: @escaping Resume) throws(StoreError) -> ProfileSession {
    ProfileSession(service: self, reader: try store.makeReader(resume: resume), resume: resume)
  }

  /// Whether the store can be used.
  public var health: StoreHealth { store.health }

  /// Replaces everything by `records`; `then` is called on a thread of the store's choice.
  public func replaceAll(
    with lines: [ImportLine], _ then: @escaping @Sendable (Result<Void, ProfileError>) -> Void
  ) {
    store.submit(.replaceAll(lines, at: environment.now(), then))
  }
}

/// A value that is touched on one thread only, though a closure that crosses threads carries it there and back.
///
/// Safety: `ProfileSession` makes these for closures that run only inside `resume`, on the session's own thread.
struct ThreadConfined<Value>: @unchecked Sendable {
  let value: Value
}
