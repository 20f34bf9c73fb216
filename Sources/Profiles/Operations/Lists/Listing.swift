public import OData

/// A page of a list.
public struct Listing<Element: Sendable> {
  /// The beginning of the page, as much of it as `Limits.keptBytesMax` holds.
  public let elements: [Element]
  /// The rest of the page, which is read when it is sent; nil when `elements` are all of it.
  public let rest: PageRemainder<Element>?
  /// The number of entities on all pages, where the query asks for it.
  public let count: Int?
  /// The position after which the next page begins; nil at the end of the list.
  public let next: KeysetPosition?
}

extension Listing {
  /// The same page with other elements. `replace` does the same for those that are read when they are sent.
  func replacing(
    _ elements: [Element], _ replace: @escaping ([Element], @escaping Completion<[Element]>) -> Void
  ) -> Listing { Listing(elements: elements, rest: rest?.replacing(replace), count: count, next: next) }
}

/// The part of a page that was chosen but not kept, and is read again in pieces when it is sent. The session's thread
/// owns it.
///
/// An entity that was deleted or hidden in the meantime is left out; one that was changed is given as it is now.
public final class PageRemainder<Element: Sendable> {
  /// Reads these entities, in their order, without those that no longer exist for the caller.
  typealias Read = (ArraySlice<ListReference>, @escaping Completion<[Element]>) -> Void

  private let all: ArraySlice<ListReference>
  private var references: ArraySlice<ListReference>
  private let read: Read
  private let pieceBytes: Int

  init(_ references: ArraySlice<ListReference>, pieceBytes: Int = Limits.listPieceBytes, read: @escaping Read) {
    all = references
    self.references = references
    self.read = read
    self.pieceBytes = pieceBytes
  }

  /// The same part of the page, from its beginning.
  public func again() -> PageRemainder { PageRemainder(all, pieceBytes: pieceBytes, read: read) }

  /// The same part of the page, whose entities are replaced once they were read.
  func replacing(
    _ replace: @escaping ([Element], @escaping Completion<[Element]>) -> Void
  ) -> PageRemainder {
    let read = read
    return PageRemainder(all, pieceBytes: pieceBytes) { references, then in
      read(references) { elements in elements.onSuccess(orFail: then) { replace($0, then) } }
    }
  }

  /// Reads the next entities, about as many bytes of them as the store reads at once (`ListReads.pieceBytes`); nil at the end.
  /// Calls back on the session's thread, at once or later. Must not be called again before that.
  public func next(_ then: @escaping Completion<[Element]?>) {
    var bytes = 0
    let piece = references.prefix { reference in
      defer { bytes += reference.bytes }
      return bytes < pieceBytes
    }
    guard !piece.isEmpty else { return then(.success(nil)) }
    references = references[piece.endIndex...]
    read(piece) { then($0.map { Optional($0) }) }
  }
}

/// An entity of a page that was chosen but not kept.
struct ListReference: Sendable {
  /// The key of the entity.
  let id: String
  /// The length of its stored JSON.
  let bytes: Int
}

/// An entity that can be listed: one that its caller may see.
protocol ListedEntity: Sendable {
  /// The type that queries are evaluated against.
  var listedType: StructuredType { get }
  /// The entity as a value of that type; nil when the stored JSON is damaged.
  var listedValue: StructuredValue? { get }
  var json: [UInt8] { get }
  /// The key, by which ties are broken.
  var listedID: String { get }
  /// The position in the list's own order.
  var defaultPosition: KeysetPosition { get }
}

extension VisibleItem: ListedEntity {
  var listedType: StructuredType { type }
  var listedValue: StructuredValue? { value }
  var listedID: String { key.id.text }
  var defaultPosition: KeysetPosition {
    KeysetPosition(values: [OrderValue.int(created.ticks)], id: Array(key.id.text.utf8))
  }
}

extension VisibleObject: ListedEntity {
  var listedID: String { id }
  var defaultPosition: KeysetPosition { KeysetPosition(values: [], id: Array(position.utf8)) }
}
