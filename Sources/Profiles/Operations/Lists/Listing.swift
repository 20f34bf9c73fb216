public import OData

/// A page of a list.
public struct Listing<Element: Sendable> {
  /// The beginning of the page: as much of it as `Limits.keptBytesMax` holds.
  public let elements: [Element]
  /// The rest of the page, which is read when it is sent; nil when `elements` are all of it.
  public let rest: PageRemainder<Element>?
  /// How many the list has in all pages, if that was asked for.
  public let count: Int?
  /// The place after which the next page begins; nil at the end of the list.
  public let next: KeysetPosition?
}

/// The part of a page that was chosen but not kept: what it takes to read it again, entity by entity. Owned by the
/// session's thread.
///
/// An entity that was deleted or hidden in the meantime is left out; one that was changed is as it is now.
public final class PageRemainder<Element: Sendable> {
  /// Reads these entities, in their order, without those that are not there for the caller.
  typealias Read = (ArraySlice<ListReference>, @escaping Completion<[Element]>) -> Void

  private let all: ArraySlice<ListReference>
  private var references: ArraySlice<ListReference>
  private let read: Read

  init(_ references: ArraySlice<ListReference>, read: @escaping Read) {
    all = references
    self.references = references
    self.read = read
  }

  /// The same part of the page from its beginning.
  public func again() -> PageRemainder { PageRemainder(all, read: read) }

  /// Gives the next entities, some `Limits.listPieceBytes` of them, nil at the end. It calls back on the session's
  /// thread, at once or later, and is not asked again before it did.
  public func next(_ then: @escaping Completion<[Element]?>) {
    var bytes = 0
    let piece = references.prefix { reference in
      defer { bytes += reference.bytes }
      return bytes < Limits.listPieceBytes
    }
    guard !piece.isEmpty else { return then(.success(nil)) }
    references = references[piece.endIndex...]
    read(piece) { then($0.map { Optional($0) }) }
  }
}

/// An entity of a page that was chosen but not kept.
struct ListReference: Sendable {
  /// Its key.
  let id: String
  /// How long its stored JSON was.
  let bytes: Int
}

/// Something that can be listed: only what its caller may see.
protocol ListedEntity: Sendable {
  var listedType: StructuredType { get }
  var value: StructuredValue? { get }
  var json: [UInt8] { get }
  /// The key, by which ties are broken.
  var listedID: String { get }
  /// The place in the order that the list has by itself.
  var defaultPlace: KeysetPosition { get }
}

extension VisibleItem: ListedEntity {
  var listedType: StructuredType { type }
  var listedID: String { key.id.text }
  var defaultPlace: KeysetPosition {
    KeysetPosition(values: [OrderValue.int(created.ticks)], id: Array(key.id.text.utf8))
  }
}

extension VisibleObject: ListedEntity {
  var listedType: StructuredType { type }
  var listedID: String { id }
  var defaultPlace: KeysetPosition { KeysetPosition(values: [], id: Array(position.utf8)) }
}
