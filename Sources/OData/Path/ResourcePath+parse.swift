extension ResourcePath {
  /// Parses the path of a request target, without the query, against the model.
  ///
  /// Consecutive slashes count as one, because official clients send them. The path is split into segments first, and
  /// each segment is decoded once (OData URL Conventions 4.01 section 2.1). Names are compared in any ASCII case, keys
  /// exactly.
  ///
  /// - Throws: `PathError` when the path names no resource of the model.
  public init(_ path: some Collection<UInt8>, model: EntityModel) throws(PathError) {
    var segments = PathSegmentIterator(Array(path))
    guard let first = segments.popFirst(), let version = ServiceVersion(segment: first) else {
      throw .notOfTheService
    }
    guard let second = segments.popFirst() else { throw .unknownSegment("") }
    let head = try PathSegment(second)
    guard !Self.isNotOffered(head.name) else { throw .notOffered(head.name) }
    guard let root = model.roots.first(where: { $0.isNamed(head.name) }) else {
      throw Self.error(ofRoot: head, model, segments.peek())
    }
    let key: Key?
    if let own = head.key {
      guard root.isEntitySet else { throw .malformedKey(segment: root.name) }
      key = own
    } else {
      key = try root.isEntitySet ? Self.nextKey(&segments, root, model) : nil
    }
    let steps = try Self.steps(&segments, from: root.type, isSet: root.isEntitySet && key == nil, model)
    // Nothing is set before everything is known, so that no part has to be given up again.
    self.version = version
    self.root = root
    self.key = key
    self.steps = steps
  }

  /// The segment behind an entity set as a key; nil when there is none, or when it is something else.
  private static func nextKey(
    _ segments: inout PathSegmentIterator, _ root: EntityModel.Root, _ model: EntityModel
  ) throws(PathError) -> Key? {
    if segments.mayBeName(withInitial: root.unofferedInitials),
      let name = unoffered(segments.peek(), among: root.unoffered)
    {
      throw .unoffered("\(root.name)/\(name)")
    }
    guard try !segments.isName(behindSetOf: root.type, model), let next = segments.popKey() else { return nil }
    return Key(value: try PathSegment.decode(next))
  }

  /// Whether this is one of OData's resources at the service root that this server does not support (OData URL
  /// Conventions 4.01 sections 4.3.4, 4.15 and 4.16).
  private static func isNotOffered(_ name: String) -> Bool {
    name.utf8.first == UInt8(ascii: "$") && ["$entity", "$all", "$crossjoin"].contains { $0.isSameName(as: name) }
  }

  /// The error for a root that the model does not have. One that the published service has is named with the segment
  /// behind it where that is a name as well, as in `directory/deletedItems`.
  private static func error(
    ofRoot head: PathSegment, _ model: EntityModel, _ next: ArraySlice<UInt8>?
  ) -> PathError {
    guard let root = model.unofferedRoots.first(where: { $0.isSameName(as: head.name) }) else {
      return .unknownSegment(head.printableName)
    }
    guard let next, next.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }) else {
      return .unoffered(root)
    }
    return .unoffered("\(root)/\(PropertyPath.printable(String(decoding: next, as: UTF8.self)))")
  }

  /// The name that a segment means, if it is one of `names`, with or without the namespace and the parentheses of a
  /// function; nil for any other.
  private static func unoffered(_ segment: ArraySlice<UInt8>?, among names: [String]) -> String? {
    guard let segment, !names.isEmpty else { return nil }
    var name = segment.prefix { $0 != UInt8(ascii: "(") }
    if let dot = name.lastIndex(of: UInt8(ascii: ".")) { name = name[(dot + 1)...] }
    return name.withUnsafeBufferPointer { bytes in names.first { $0.isSameName(as: bytes) } }
  }

  /// The segments that OData defines after a resource, in lower case, including those that no resource here supports
  /// (OData URL Conventions 4.01 sections 4.4 to 4.17). Any other segment with a dollar sign names nothing.
  private static let systemSegments: Set<String> = ["$count", "$value", "$ref", "$filter", "$each", "$query"]

  private static func systemSegment(_ segment: PathSegment) throws(PathError) -> String {
    guard segment.key == nil else { throw .malformedKey(segment: segment.printableName) }
    let name = segment.name.lowercased()
    guard systemSegments.contains(name) else { throw .unknownSegment(segment.printableName) }
    return name
  }

  private static func steps(
    _ segments: inout PathSegmentIterator, from root: StructuredType, isSet: Bool, _ model: EntityModel
  ) throws(PathError) -> [Step] {
    var steps: [Step] = []
    steps.reserveCapacity(4)
    var type: StructuredType? = root
    var isSet = isSet
    while let raw = segments.popFirst() {
      let segment: PathSegment
      do throws(PathError) {
        segment = try PathSegment(raw)
      } catch {
        // Parameters of a function are no key.
        if let name = unoffered(raw, among: type?.unoffered ?? []) { throw .unoffered(name) }
        throw error
      }
      if segment.name.utf8.first == UInt8(ascii: "$") {
        steps.append(.system(try systemSegment(segment)))
        type = nil
        continue
      }
      guard let owner = type else { throw .unknownSegment(segment.printableName) }
      let navigations = owner.navigation(of: segment.name)
      if let navigation = navigations.last {
        for navigation in navigations { steps.append(.navigation(navigation)) }
        type = navigation.target
        isSet = navigation.isCollection
        if let key = segment.key {
          guard navigation.isCollection else { throw .malformedKey(segment: navigation.name) }
          steps.append(.key(key))
          isSet = false
        } else if navigation.isCollection, try !segments.isName(behindSetOf: navigation.target, model),
          let next = segments.popKey()
        {
          steps.append(.key(Key(value: try PathSegment.decode(next))))
          isSet = false
        }
        continue
      }
      if segment.key == nil, let cast = model.cast(of: segment.name, from: owner) {
        steps.append(.cast(cast))
        type = cast
        continue
      }
      if segment.key == nil, let action = model.action(of: segment.name, boundTo: owner, isSet: isSet) {
        steps.append(.action(action))
        type = nil
        continue
      }
      guard let property = owner.properties.first(where: { $0.name.isSameName(as: segment.name) })
      else {
        throw unoffered(raw, among: owner.unoffered).map { .unoffered($0) } ?? .unknownSegment(segment.printableName)
      }
      guard segment.key == nil else { throw .malformedKey(segment: property.name) }
      steps.append(.property(property))
      if case .complex(let complex) = property.type { type = complex } else { type = nil }
    }
    return steps
  }
}

extension ResourcePath.ServiceVersion {
  /// The version that a path segment names, in any ASCII case; nil when it names none.
  public init?(segment: ArraySlice<UInt8>) {
    guard let version = segment.withUnsafeBufferPointer({ Self(segment: $0) }) else { return nil }
    self = version
  }

  /// The version that these bytes name, in any ASCII case; nil when they name none.
  public init?(segment: UnsafeBufferPointer<UInt8>) {
    if "beta".isSameName(as: segment) {
      self = .beta
    } else if "v1.0".isSameName(as: segment) {
      self = .v1
    } else {
      return nil
    }
  }
}

/// Splits a path into segments. Consecutive slashes count as one.
private struct PathSegmentIterator {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next segment, which is not empty; nil at the end.
  mutating func popFirst() -> ArraySlice<UInt8>? {
    skipSlashes()
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "/") { position += 1 }
    return start < position ? bytes[start..<position] : nil
  }

  /// The next segment, which is not consumed; nil at the end.
  func peek() -> ArraySlice<UInt8>? {
    var rest = self
    return rest.popFirst()
  }

  /// The next segment as a key. Nil at the end, and for a system segment, which begins with a dollar sign and is not
  /// consumed.
  mutating func popKey() -> ArraySlice<UInt8>? {
    skipSlashes()
    guard position < bytes.count, bytes[position] != UInt8(ascii: "$") else { return nil }
    return popFirst()
  }

  /// Whether the next segment may be a name with one of these initials, in lower case, with or without a namespace.
  /// Few keys may, so that nearly all of them need not be compared with the names.
  mutating func mayBeName(withInitial initials: [UInt8]) -> Bool {
    skipSlashes()
    guard position < bytes.count else { return false }
    // A namespace ends with a dot; that there is one in a later segment only costs a comparison.
    return initials.contains(bytes[position] | 0x20)
      || bytes[position...].withUnsafeBufferPointer { $0.holds(UInt8(ascii: ".")) }
  }

  /// Whether the next segment is a cast or an action behind a set of entities of `type`, and so no key.
  mutating func isName(behindSetOf type: StructuredType, _ model: EntityModel) throws(PathError) -> Bool {
    skipSlashes()
    // Few keys begin with the letter of such a name; the others need not be decoded twice.
    guard position < bytes.count, model.nameInitials.contains(bytes[position] | 0x20), let next = peek() else {
      return false
    }
    let name = try PathSegment.decode(next)
    return model.cast(of: name, from: type) != nil || model.action(of: name, boundTo: type, isSet: true) != nil
  }

  private mutating func skipSlashes() {
    while position < bytes.count, bytes[position] == UInt8(ascii: "/") { position += 1 }
  }
}

/// One path segment: a name, and the key that may follow it in parentheses (OData ABNF `keyPredicate`).
private struct PathSegment {
  /// System segments whose parentheses hold something other than a key.
  private static let callable = ["$crossjoin", "$filter"]

  let name: String
  let key: ResourcePath.Key?

  init(_ raw: ArraySlice<UInt8>) throws(PathError) {
    let decoded = try Self.decode(raw)
    let text = decoded.utf8.last == UInt8(ascii: ")") ? Array(decoded.utf8) : []
    guard let open = text.firstIndex(of: UInt8(ascii: "(")) else {
      name = decoded
      key = nil
      return
    }
    let name = String(decoding: text[..<open], as: UTF8.self)
    self.name = name
    guard !Self.callable.contains(where: { $0.isSameName(as: name) }) else {
      key = nil
      return
    }
    guard let key = Self.key(text[(open + 1)...].dropLast()) else { throw .malformedKey(segment: Self.printable(name)) }
    self.key = key
  }

  /// The name in a form that is safe in a message.
  var printableName: String { Self.printable(name) }

  private static func printable(_ name: String) -> String { PropertyPath.printable(name) }

  /// Reads `'value'` or `name='value'`, in which a doubled quote stands for one. This works on bytes, because a quote
  /// may form one grapheme with its neighbours. Nil when it is malformed.
  private static func key(_ text: ArraySlice<UInt8>) -> ResourcePath.Key? {
    guard let opening = text.firstIndex(of: quote), let closing = text.lastIndex(of: quote), opening < closing,
      closing == text.endIndex - 1, let value = unquoted(text[(opening + 1)..<closing]), !value.isEmpty
    else { return nil }
    guard opening > text.startIndex else { return ResourcePath.Key(value: value) }
    let name = text[..<(opening - 1)]
    guard text[opening - 1] == UInt8(ascii: "="), !name.isEmpty else { return nil }
    return ResourcePath.Key(name: String(decoding: name, as: UTF8.self), value: value)
  }

  /// The text with each doubled quote reduced to one; nil when a quote is not doubled.
  private static func unquoted(_ text: ArraySlice<UInt8>) -> String? {
    var value: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      if byte == quote, rest.popFirst() != quote { return nil }
      value.append(byte)
    }
    return String(decoding: value, as: UTF8.self)
  }

  private static let quote = UInt8(ascii: "'")

  static func decode(_ raw: ArraySlice<UInt8>) throws(PathError) -> String {
    guard let text = PercentEncoding.decode(raw) else { throw .malformedEncoding }
    return text
  }
}
