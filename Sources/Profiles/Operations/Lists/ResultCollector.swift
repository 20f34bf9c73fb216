/// Collects the results of several reads and answers when the last one is there. The session's thread owns it.
final class ResultCollector<Element> {
  private var found: [Element?]
  private var missing: Int
  private var failure: StoreError?
  private let then: (Result<[Element], StoreError>) -> Void

  private init(_ count: Int, _ then: @escaping (Result<[Element], StoreError>) -> Void) {
    found = Array(repeating: nil, count: count)
    missing = count
    self.then = then
  }

  /// Reads entities one by one, in one snapshot where the store can, and gives those that exist in their order.
  static func read<Reference>(
    _ references: some Collection<Reference>, from reader: any ProfileReader,
    _ then: @escaping (Result<[Element], StoreError>) -> Void,
    each read: (Reference, @escaping (Result<Element?, StoreError>) -> Void) -> Void
  ) {
    guard !references.isEmpty else { return then(.success([])) }
    let collector = ResultCollector(references.count, then)
    reader.withSnapshot {
      for (index, reference) in references.enumerated() {
        read(reference) { collector.put($0, at: index) }
      }
    }
  }

  private func put(_ result: Result<Element?, StoreError>, at index: Int) {
    switch result {
    case .success(let element): found[index] = element
    case .failure(let error): failure = failure ?? error
    }
    missing -= 1
    guard missing == 0 else { return }
    then(failure.map { .failure($0) } ?? .success(found.compactMap { $0 }))
  }
}
