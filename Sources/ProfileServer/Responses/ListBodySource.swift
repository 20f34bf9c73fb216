import OData
import Profiles

/// A page of a list that is too long to be kept in memory: its remainder is read while it is sent. Owned by one event
/// loop.
final class ListBodySource<Element: Sendable>: ResponseBodySource {
  private enum Stage {
    case opening, rest, ended
  }

  private let opening: [UInt8]
  private let rest: PageRemainder<Element>
  private let startsEmpty: Bool
  private let closing: [UInt8]
  private let encode: ([Element], Bool) -> [UInt8]
  /// Whether no element has been encoded yet.
  private var isFirst: Bool
  private var stage = Stage.opening

  /// A list that begins with `opening`, continues with the elements of `rest` and ends with `closing`. `encode` encodes
  /// elements and is told whether they are the first ones.
  init(
    opening: [UInt8], rest: PageRemainder<Element>, closing: [UInt8], isFirst: Bool,
    _ encode: @escaping ([Element], Bool) -> [UInt8]
  ) {
    self.opening = opening
    self.rest = rest
    self.closing = closing
    self.isFirst = isFirst
    startsEmpty = isFirst
    self.encode = encode
  }

  func nextChunk(_ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void) {
    switch stage {
    case .opening:
      stage = .rest
      then(.success(opening))
    case .rest: rest.next { [self] elements in then(elements.map { chunk($0) }) }
    case .ended: then(.success(nil))
    }
  }

  func restarted() -> any ResponseBodySource {
    ListBodySource(opening: opening, rest: rest.again(), closing: closing, isFirst: startsEmpty, encode)
  }

  private func chunk(_ elements: [Element]?) -> [UInt8] {
    guard let elements else {
      stage = .ended
      return closing
    }
    guard !elements.isEmpty else { return [] }
    defer { isFirst = false }
    return encode(elements, isFirst)
  }
}
