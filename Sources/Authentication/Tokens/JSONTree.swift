import OData

/// A JSON text as a tree in memory, for token headers and claims, key documents and configuration.
///
/// Members are looked up by the bytes of their names. A duplicate member at any level makes the text invalid, so that
/// no two readers of one token can see different claims.
enum JSONTree: Equatable, Sendable {
  case object([BytewiseString: JSONTree])
  case array([JSONTree])
  case string(String)
  case number(Double)
  case boolean(Bool)
  case null

  /// Parses one JSON text (RFC 8259); depth is bounded by `Limits.jsonDepthMax`. With `mayHaveMark` a byte order mark
  /// may come first, as in files and documents of others, but never in a token. Throws `JSONError` for an invalid text.
  init(_ bytes: [UInt8], mayHaveMark: Bool = false) throws(JSONError) {
    let result: Result<JSONTree, JSONError> = bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer)
      do throws(JSONError) {
        if mayHaveMark { try reader.skipByteOrderMark() }
        let tree = try Self.read(&reader)
        try reader.finish()
        return .success(tree)
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  /// Recursion is bounded by the reader's depth.
  private static func read(_ reader: inout JSONReader) throws(JSONError) -> JSONTree {
    switch try reader.peek() {
    case .object: return try readObject(&reader)
    case .array: return try readArray(&reader)
    case .string: return .string(try reader.readString().string)
    case .number:
      let offset = reader.offset
      guard let value = try reader.readNumber().double else { throw JSONError(.invalidNumber, at: offset) }
      return .number(value)
    case .boolean: return .boolean(try reader.readBool())
    case .null:
      try reader.readNull()
      return .null
    }
  }

  private static func readObject(_ reader: inout JSONReader) throws(JSONError) -> JSONTree {
    var members: [BytewiseString: JSONTree] = [:]
    try reader.beginObject()
    while let name = try reader.nextName() {
      let key = BytewiseString(name.string)
      guard members[key] == nil else { throw JSONError(.duplicateMember, at: name.offset) }
      members[key] = try read(&reader)
    }
    return .object(members)
  }

  private static func readArray(_ reader: inout JSONReader) throws(JSONError) -> JSONTree {
    var elements: [JSONTree] = []
    try reader.beginArray()
    while try reader.nextElement() { elements.append(try read(&reader)) }
    return .array(elements)
  }

  /// The members of an object, or nil for another kind of value.
  var members: [BytewiseString: JSONTree]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements of an array, or nil for another kind of value.
  var elements: [JSONTree]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The text of a string, or nil for another kind of value.
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The member of this name, or nil when this is no object or has none.
  subscript(name: String) -> JSONTree? { members?[BytewiseString(name)] }

  /// The texts of an array that holds nothing but strings, or nil.
  var texts: [String]? {
    guard let elements else { return nil }
    let texts = elements.compactMap(\.text)
    return texts.count == elements.count ? texts : nil
  }
}
