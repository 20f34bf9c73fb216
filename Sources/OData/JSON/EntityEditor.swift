/// Reads, compares and replaces single members of an entity in the JSON that `EntityWriter` wrote. The bytes of the other members
/// are copied, which costs a third of reading and writing all members.
public struct EntityEditor {
  private let type: StructuredType
  /// The entity, in the form of `EntityWriter`.
  private let json: [UInt8]
  /// See `EntityWriter.collapsible`.
  private let collapsible: Range<Int>?
  /// Where the members lie in `json`.
  private let layout: EntityLayout
  /// The new values.
  private var replaced: [(index: Int, value: Value)] = []

  /// An editor of an entity that was written as one object. `collapsible` is the first range that its writer noted.
  ///
  /// An entity in another form, as an older server may have written it, is first read and written again.
  ///
  /// - Throws: `BodyError` when `json` is in another form and not an entity of `type`.
  public init(_ json: [UInt8], collapsible: Range<Int>?, of type: StructuredType) throws(BodyError) {
    self.type = type
    if let layout = EntityLayout(of: json, type) {
      self.json = json
      self.collapsible = collapsible
      self.layout = layout
      return
    }
    var writer = EntityWriter()
    writer.object(
      StructuredValue(try EntityReader(.restore, dialect: .strict).read(json, as: type), of: type), of: type)
    guard let layout = EntityLayout(of: writer.json.bytes, type) else { throw .notAnObject }
    self.json = writer.json.bytes
    self.collapsible = writer.collapsible.first
    self.layout = layout
  }

  /// The value of a property, as it is after the replacements so far.
  ///
  /// - Throws: `BodyError` when the member is not of the property's type.
  public func value(of property: Property) throws(BodyError) -> Value {
    if let new = replaced.first(where: { $0.index == property.index }) { return new.value }
    let place = layout.values[property.index]
    guard !place.isEmpty else { return StructuredValue.unset(property) }
    return try EntityReader(.restore, dialect: .strict).read(json[place], as: property)
  }

  /// Whether the JSON holds a member of the property. Replacements are left out.
  public func holds(_ property: Property) -> Bool { !layout.values[property.index].isEmpty }

  /// The values of the properties at these indices, as `value` gives each. The others are unset.
  ///
  /// - Throws: `BodyError` as `value` does.
  public func values(at indices: some Sequence<Int>) throws(BodyError) -> StructuredValue {
    var values = StructuredValue(of: type)
    for index in indices { values.members[index] = try value(of: type.properties[index]) }
    return values
  }

  /// The indices of the properties whose members are other bytes here than in `other`, which is of the same type.
  /// Replacements are left out. Values that differ are among them.
  public func differences(from other: EntityEditor) -> [Int] {
    json.withUnsafeBufferPointer { bytes in
      other.json.withUnsafeBufferPointer { others in
        layout.values.indices.filter { index in
          let (place, other) = (layout.values[index], other.layout.values[index])
          guard place.count == other.count else { return true }
          return !UnsafeBufferPointer(rebasing: bytes[place])
            .hasSameBytes(as: UnsafeBufferPointer(rebasing: others[other]))
        }
      }
    }
  }

  /// Replaces the value of a property.
  public mutating func replace(_ property: Property, by value: Value) {
    if let place = replaced.firstIndex(where: { $0.index == property.index }) {
      replaced[place].value = value
    } else {
      replaced.append((property.index, value))
    }
  }

  /// Applies a patch, as `StructuredPatch.apply` does, and returns the indices of the properties whose value changed.
  ///
  /// - Throws: `BodyError` when a member that the patch holds is not of its property's type.
  public mutating func apply(_ patch: StructuredPatch) throws(BodyError) -> [Int] {
    var changed: [Int] = []
    for index in patch.members.indices {
      if case .absent = patch.members[index] { continue }
      let property = type.properties[index]
      let old = try value(of: property)
      guard let new = StructuredPatch.result(of: patch.members[index], on: old, property), new != old else { continue }
      replace(property, by: new)
      changed.append(index)
    }
    return changed
  }

  /// Checks the number of undeclared members in the replaced values, as `StructuredValue.checkUndeclaredMembers` does.
  ///
  /// - Throws: `BodyError.tooLarge` when an open value holds more than `Limits.dynamicMembersMax` undeclared members.
  public func checkUndeclaredMembers() throws(BodyError) {
    for (index, value) in replaced { try StructuredValue.checkUndeclaredMembers(of: value, type.properties[index]) }
  }

  /// The entity with the replaced values: the JSON that `EntityWriter` would write, and the first range that it would
  /// note as collapsible.
  public func edited() -> (json: [UInt8], collapsible: Range<Int>?) {
    var writer = EntityWriter(capacity: json.count + 256)
    writer.json.beginObject()
    var next = 0
    for (index, value) in replaced.sorted(by: { $0.index < $1.index }) {
      copy(next..<index, into: &writer)
      writer.member(value, of: type.properties[index], in: type)
      next = index + 1
    }
    copy(next..<layout.values.count, into: &writer)
    writer.json.endObject()
    return (writer.json.bytes, writer.collapsible.first)
  }

  /// Copies the members of properties that follow one another.
  private func copy(_ indices: Range<Int>, into writer: inout EntityWriter) {
    guard let first = indices.first(where: { !layout.values[$0].isEmpty }),
      let last = indices.last(where: { !layout.values[$0].isEmpty })
    else { return }
    let start = layout.values[first].lowerBound - type.properties[first].memberPrefix.count
    writer.copyMembers(json, at: start..<layout.values[last].upperBound, collapsible)
  }
}

/// Where the members of an entity lie in JSON of the form that `EntityWriter` gives it: all of them, in the order of
/// their declaration, without white space.
private struct EntityLayout {
  /// Where the value of each property lies, at `Property.index`; an empty range where the member is left out.
  let values: [Range<Int>]

  /// Nil when `json` is of another form. The form inside the values is not examined.
  init?(of json: [UInt8], _ type: StructuredType) {
    let values = json.withUnsafeBufferPointer { bytes -> [Range<Int>]? in
      var scanner = MemberScanner(bytes)
      return scanner.values(of: type)
    }
    guard let values else { return nil }
    self.values = values
  }
}

/// The first bytes of a property's name in JSON, with its quotation mark.
struct MemberKey: Sendable {
  /// How many bytes are compared.
  static let size = MemoryLayout<UInt64>.size

  private let bytes: UInt64
  private let mask: UInt64

  init(_ prefix: [UInt8]) {
    let count = min(prefix.count, Self.size)
    var (bytes, mask): (UInt64, UInt64) = (0, 0)
    for index in 0..<count {
      bytes |= UInt64(prefix[index]) << UInt64(8 * index)
      mask |= 0xFF << UInt64(8 * index)
    }
    (self.bytes, self.mask) = (bytes, mask)
  }

  /// Whether eight bytes, as the machine loads them, begin as the name does.
  func matches(_ loaded: UInt64) -> Bool { loaded.littleEndian & mask == bytes }
}

/// Finds the ends of JSON values by their strings and brackets alone.
///
/// Safety: it keeps the pointer that it is given, and must not outlive the closure that lends the buffer.
private struct MemberScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func values(of type: StructuredType) -> [Range<Int>]? {
    guard skip(UInt8(ascii: "{")) else { return nil }
    var values = Array(repeating: 0..<0, count: type.properties.count)
    var next = 0
    while let index = skipName(of: type, from: next) {
      let start = offset
      guard skipValue() else { return nil }
      values[index] = start..<offset
      next = index + 1
    }
    guard skip(UInt8(ascii: "}")), offset == bytes.count else { return nil }
    return type.constantMembers.allSatisfy { !values[$0].isEmpty } ? values : nil
  }

  /// Skips the name of the member that comes next, if it is one of a property from an index on. Returns that property's.
  private mutating func skipName(of type: StructuredType, from next: Int) -> Int? {
    let start = offset == 1 ? offset : offset + 1
    guard start + MemberKey.size <= bytes.count else {
      return (next..<type.properties.count).first { skipName(type.properties[$0]) }
    }
    // Most members of a large type are left out, and tell so by their first letters.
    let letters = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: start, as: UInt64.self)
    return type.memberKeys.withUnsafeBufferPointer { keys in
      var index = next
      while index < keys.count {
        if keys[index].matches(letters), skipName(type.properties[index]) { return index }
        index += 1
      }
      return nil
    }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  /// Skips the comma before a member and the member's name. Returns false, and skips nothing, when another name
  /// follows.
  private mutating func skipName(_ property: Property) -> Bool {
    // The first member follows the opening bracket.
    let isFirst = offset == 1
    let start = isFirst ? offset : offset + 1
    let end = start + property.memberPrefix.count
    guard end < bytes.count, isFirst || bytes[offset] == UInt8(ascii: ","),
      property.memberPrefix.withUnsafeBufferPointer({
        $0.hasSameBytes(as: UnsafeBufferPointer(rebasing: bytes[start..<end]))
      })
    else { return false }
    offset = end
    return true
  }

  /// Skips one value, which ends where its brackets are closed, or before the next comma or closing bracket. Returns
  /// false when there is no value.
  private mutating func skipValue() -> Bool {
    let start = offset
    var depth = 0
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        guard skipString() else { return false }
        if depth == 0 { return true }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { return offset > start }
        depth -= 1
        if depth == 0 {
          offset += 1
          return true
        }
      case UInt8(ascii: ",") where depth == 0: return offset > start
      default: break
      }
      offset += 1
    }
    return false
  }

  private mutating func skipString() -> Bool {
    offset += 1
    while let mark = nextMark() {
      offset = mark + 1
      if bytes[mark] == UInt8(ascii: "\"") { return true }
      // The byte after a backslash does not end the string.
      offset += 1
    }
    return false
  }

  /// The offset of the next quote or backslash; nil when there is none.
  private func nextMark() -> Int? {
    let text = UnsafeRawBufferPointer(bytes)
    var offset = offset
    while offset + 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
      if let place = word.firstByte(among: UInt8(ascii: "\""), UInt8(ascii: "\\")) { return offset + place }
      offset += 8
    }
    while offset < text.count {
      if text[offset] == UInt8(ascii: "\"") || text[offset] == UInt8(ascii: "\\") { return offset }
      offset += 1
    }
    return nil
  }
}
