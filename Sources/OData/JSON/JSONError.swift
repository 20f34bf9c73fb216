/// Why a text is not JSON (RFC 8259), and where.
public struct JSONError: Error, Equatable, Sendable {
  /// The kind of fault; `reason` puts it into words.
  public enum Kind: Equatable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// The grammar does not allow this byte here.
    case unexpectedByte
    /// Something other than white space follows the value.
    case trailingContent
    /// A string is not well-formed UTF-8 (section 8.1).
    case invalidUTF8
    /// The text begins with the byte order mark of UTF-16 (section 8.1).
    case otherEncoding
    /// A backslash begins no escape sequence (section 7).
    case invalidEscape
    /// An escape is one half of a surrogate pair without the other (section 8.2).
    case loneSurrogate
    /// A string holds an unescaped control character (section 7).
    case controlCharacter
    /// A number breaks the grammar of section 6.
    case invalidNumber
    /// Arrays and objects are nested deeper than the reader allows (section 9).
    case tooDeep
    /// An object holds two members of the same name (section 4).
    case duplicateMember
  }

  /// The kind of fault.
  public let kind: Kind
  /// The offset of the fault, in bytes from the start of the text.
  public let offset: Int

  /// A fault at an offset in bytes.
  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  /// The fault in words, without a full stop and without any content of the text.
  public var reason: String {
    switch kind {
    case .unexpectedEnd: "the text ends too early"
    case .unexpectedByte: "this character is not allowed here"
    case .trailingContent: "something follows the value"
    case .invalidUTF8: "this is not valid UTF-8"
    case .otherEncoding: "the text is in UTF-16, and JSON is sent in UTF-8"
    case .invalidEscape: "this escape sequence is not known"
    case .loneSurrogate: "half of a surrogate pair stands alone"
    case .controlCharacter: "a control character must be escaped"
    case .invalidNumber: "this number is not written as JSON demands"
    case .tooDeep: "the nesting is deeper than \(Limits.jsonDepthMax)"
    case .duplicateMember: "this member name stands twice in one object"
    }
  }
}
