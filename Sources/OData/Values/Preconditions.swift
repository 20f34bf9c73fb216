/// The value of an `If-Match` or `If-None-Match` field (RFC 9110 sections 13.1.1 and 13.1.2). Tags are compared weakly,
/// since this server gives out weak ones (OData 4.01 Part 1 section 8.2.4).
public enum EntityTagCondition: Equatable, Sendable {
  /// `*`: any current version.
  case any
  /// Any of these opaque tags, without `W/` and quotes.
  case oneOf([String])

  /// Reads the value of one field, or of `@odata.etag`; nil when it is malformed.
  public init?(_ value: String) { self.init([value]) }

  /// Reads all fields of one name as one list; nil when they are malformed. `*` must be the only element.
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

  /// Whether an entity with this version satisfies the condition.
  public func matches(_ version: Version) -> Bool { matches(opaqueTag: version.opaqueTag) }

  /// Whether a resource with this opaque tag, without `W/` and quotes, satisfies the condition.
  public func matches(opaqueTag: String) -> Bool {
    switch self {
    case .any: true
    case .oneOf(let tags): tags.contains { $0.hasSameBytes(as: opaqueTag) }
    }
  }

  /// The opaque tag of a list element; nil when it is malformed. White space inside a tag is an error: dropping it
  /// would turn the tag into another one.
  private static func tag(_ element: Substring.UTF8View) -> String? {
    let quoted = element.starts(with: "W/".utf8) ? element.dropFirst(2) : element
    guard quoted.count >= 2, quoted.first == UInt8(ascii: "\""), quoted.last == UInt8(ascii: "\"") else { return nil }
    let tag = quoted.dropFirst().dropLast()
    guard tag.allSatisfy({ $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }) else { return nil }
    return String(Substring(tag))
  }
}

/// The preconditions of a request on an entity (RFC 9110 section 13).
public struct Preconditions: Equatable, Sendable {
  /// `If-Match`: the entity must exist and have one of these tags. Nil when the field is absent.
  public let ifMatch: EntityTagCondition?
  /// `If-None-Match`: the entity must have none of these tags; `*` means that it must not exist. Nil when the field is
  /// absent.
  public let ifNoneMatch: EntityTagCondition?

  /// No preconditions.
  public static let none = Preconditions()

  /// Preconditions from the two header fields; nil stands for an absent field.
  public init(ifMatch: EntityTagCondition? = nil, ifNoneMatch: EntityTagCondition? = nil) {
    self.ifMatch = ifMatch
    self.ifNoneMatch = ifNoneMatch
  }

  /// Whether the preconditions hold for an existing entity with this version.
  public func hold(for version: Version) -> Bool {
    ifMatch?.matches(version) != false && ifNoneMatch?.matches(version) != true
  }
}
