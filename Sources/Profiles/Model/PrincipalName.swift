import OData

/// The name with which a person signs in elsewhere (`userPrincipalName`): any text that people can read out and type
/// again. It needs no `@`.
public struct PrincipalName: Equatable, Sendable {
  /// The name as it was given.
  public let text: String
  /// The form in which names are compared: names with the same key are the same name, whatever their case and however
  /// their characters are composed (Unicode case folding and normalization).
  public let key: String

  /// A name, or nil when the text is empty, longer than `Limits.userPrincipalNameBytesMax` bytes (as it is or in its
  /// key), begins or ends with white space, or holds a control character or one that cannot be seen.
  public init?(_ text: String) {
    let key = Self.key(of: text)
    let lengths = 1...Limits.userPrincipalNameBytesMax
    guard lengths.contains(text.utf8.count), lengths.contains(key.utf8.count), Self.isVisible(text) else { return nil }
    self.text = text
    self.key = key
  }

  /// The key of a name, including stored ones that would be refused today.
  public static func key(of text: String) -> String { text.folded }

  /// The rule that a text breaks which is not a valid name, for messages.
  static let rule =
    "must have 1 to \(Limits.userPrincipalNameBytesMax) bytes, and no control characters, blanks at its ends, or characters "
    + "that cannot be seen, such as zero-width and no-break spaces. Leave those out"

  private static func isVisible(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard !text.isASCII else { return text.utf8.first != 0x20 && text.utf8.last != 0x20 && !hasControls(text) }
    guard let first = scalars.first, let last = scalars.last else { return false }
    guard !first.properties.isWhitespace, !last.properties.isWhitespace else { return false }
    return scalars.allSatisfy(isVisible)
  }

  private static func hasControls(_ text: String) -> Bool { text.withBytes { $0.holdsAny { $0 < 0x20 || $0 == 0x7F } } }

  /// Invisible are: control characters, line and paragraph separators, format characters (such as direction marks),
  /// default ignorable code points (such as zero-width ones), and no-break spaces.
  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: !noBreakSpaces.contains(scalar)
    default: !scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  private static let noBreakSpaces: Set<Unicode.Scalar> = ["\u{A0}", "\u{2007}", "\u{202F}"]
}

extension StoredUser {
  /// The principal name in the form in which names are compared; nil when the person has none.
  public var principalNameKey: String? { principalName.map(PrincipalName.key) }
}
