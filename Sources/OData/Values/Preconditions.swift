/// What an `If-Match` or `If-None-Match` header demands (RFC 9110 section 13.1; OData 4.01 compares weakly).
public enum EntityTagCondition: Equatable, Sendable {
  /// `*`: any version.
  case any
  /// One of these opaque tags, without `W/` and quotes.
  case oneOf([String])

  /// Reads a single value, as it also stands in `@odata.etag`; nil when it is malformed.
  public init?(_ value: String) { self.init([value]) }

  /// Reads all fields of one name, or nil when they are malformed. `*` stands alone.
  public init?(_ fields: [String]) {
    guard let elements = FieldList.elements(of: fields, .entityTag), !elements.isEmpty else { return nil }
    guard elements.count > 1 || !elements[0].utf8.elementsEqual("*".utf8) else {
      self = .any
      return
    }
    var tags: [String] = []
    for element in elements {
      guard let tag = Self.tag(element.utf8) else { return nil }
      tags.append(tag)
    }
    self = .oneOf(tags)
  }

  /// Whether an entity of this version satisfies the condition.
  public func matches(_ version: Version) -> Bool { matches(opaqueTag: version.opaqueTag) }

  /// Whether something with this opaque tag, without `W/` and quotes, satisfies the condition.
  public func matches(opaqueTag: String) -> Bool {
    switch self {
    case .any: true
    case .oneOf(let tags): tags.contains { $0.hasSameBytes(as: opaqueTag) }
    }
  }

  /// The opaque tag of an element. No blank may stand in it, which must not make another tag of it.
  private static func tag(_ element: Substring.UTF8View) -> String? {
    let quoted = element.starts(with: "W/".utf8) ? element.dropFirst(2) : element
    guard quoted.count >= 2, quoted.first == UInt8(ascii: "\""), quoted.last == UInt8(ascii: "\"") else { return nil }
    let tag = quoted.dropFirst().dropLast()
    guard tag.allSatisfy({ $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }) else { return nil }
    return String(Substring(tag))
  }
}

/// What must hold of an entity before a request is performed on it (RFC 9110 section 13).
public struct Preconditions: Equatable, Sendable {
  /// The entity must have one of these versions.
  public let ifMatch: EntityTagCondition?
  /// The entity must have none of these versions; `*` stands for every one that exists.
  public let ifNoneMatch: EntityTagCondition?

  /// Nothing is demanded.
  public static let none = Preconditions()

  /// What two header fields demand; nil stands for one that is absent.
  public init(ifMatch: EntityTagCondition? = nil, ifNoneMatch: EntityTagCondition? = nil) {
    self.ifMatch = ifMatch
    self.ifNoneMatch = ifNoneMatch
  }

  /// Whether they hold for an entity of this version.
  public func hold(for version: Version) -> Bool {
    ifMatch?.matches(version) != false && ifNoneMatch?.matches(version) != true
  }
}
