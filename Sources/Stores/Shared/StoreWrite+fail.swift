import Profiles

extension StoreWrite {
  /// Answers the write with an error of the store.
  func fail(_ error: StoreError) {
    switch self {
    case .item(_, let completion): completion(.failure(.store(error)))
    case .person(_, let completion): completion(.failure(.store(error)))
    case .createItem(_, _, let completion): completion(.failure(.store(error)))
    case .createPerson(_, _, let completion): completion(.failure(.store(error)))
    case .createGroup(_, _, let completion): completion(.failure(.store(error)))
    case .atomic(_, let completion): completion(.failure(.store(error)))
    case .group(_, let completion): completion(.failure(.store(error)))
    case .tenant(_, let completion): completion(.failure(.store(error)))
    case .replaceAll(_, _, let completion): completion(.failure(.store(error)))
    }
  }
}
