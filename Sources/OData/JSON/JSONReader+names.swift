extension JSONReader {
  /// The next name in the current object, noted among those `known` of it; nil at its end. Throws for a name that stands
  /// twice, of which two readers could take different ones (RFC 8259 section 4).
  public mutating func nextName(notAmong known: inout Set<[UInt8]>) throws(JSONError) -> Text? {
    guard let name = try nextName() else { return nil }
    guard known.insert(name.utf8).inserted else { throw JSONError(.duplicateMember, at: name.offset) }
    return name
  }
}
