/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable {
  /// What was wrong. The sentence for people is `reason`.
  public enum Kind: Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte
    case trailingContent
    case invalidUTF8
    /// The text begins with the byte order mark of UTF-16.
    case otherEncoding
    case invalidEscape
    case loneSurrogate
    case controlCharacter
    case invalidNumber
    case tooDeep
    case duplicateMember
  }

  /// What was wrong.
  public let kind: Kind
  /// Bytes from the start of the text to the fault.
  public let offset: Int

  /// A fault of this kind at a byte.
  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  /// What is wrong, without a full stop and without any of the text's content.
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
