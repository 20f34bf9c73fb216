extension Result {
  /// Passes a success to `body` and a failure on to `then`, so that a chain of asynchronous steps ends at its first
  /// failure. Exactly one of the two closures runs, before the call returns.
  public func onSuccess<Answer>(
    orFail then: (Result<Answer, Failure>) -> Void, _ body: (Success) -> Void
  ) {
    switch self {
    case .failure(let error): then(.failure(error))
    case .success(let value): body(value)
    }
  }
}

extension Result where Failure == StoreError {
  /// The same for the answer of a store, whose failure is passed on as `ProfileError.store`.
  func onSuccess<Answer>(
    orFail then: (Result<Answer, ProfileError>) -> Void, _ body: (Success) -> Void
  ) {
    switch self {
    case .failure(let error): then(.failure(.store(error)))
    case .success(let value): body(value)
    }
  }
}
