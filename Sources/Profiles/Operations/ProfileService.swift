import OData

/// The operations of the profile domain on one store. The targets above Profiles reach a store through this alone.
public final class ProfileService: Sendable {
  let store: any ProfileStore
  let environment: ServiceEnvironment
  let evaluations: EvaluationQueue

  /// A service on `store`. Long queries of all its sessions share the threads of `evaluations`.
  public init(store: any ProfileStore, environment: ServiceEnvironment, evaluations: EvaluationQueue) {
    self.store = store
    self.environment = environment
    self.evaluations = evaluations
  }

  /// Makes the session of one thread. `resume` runs work on that thread; answers that come late use it. Throws
  /// `StoreError` when the store cannot open a reader for the thread.
  public func makeSession(resume: @escaping Resume) throws(StoreError) -> ProfileSession {
    ProfileSession(
      context: SessionContext(service: self, reader: try store.makeReader(resume: resume), resume: resume))
  }

  /// Whether the store can be used.
  public var health: StoreHealth { store.health }

  /// Replaces everything in the store by `lines`. Calls `then` on a thread of the store's choice.
  public func replaceAll(
    with lines: [ImportLine], _ then: @escaping @Sendable (Result<Void, ProfileError>) -> Void
  ) {
    store.submit(.replaceAll(lines, at: environment.now(), then))
  }
}
