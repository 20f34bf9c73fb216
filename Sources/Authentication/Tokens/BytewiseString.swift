import OData

/// Text that is compared byte by byte.
///
/// Swift's `==` on strings is canonical equivalence, by which two different issuers or key ids could compare equal.
public struct BytewiseString: Hashable, Sendable, ExpressibleByStringLiteral {
  /// The text itself.
  public let text: String

  /// The string `text`, unchanged.
  public init(_ text: String) { self.text = text }

  /// The value of a literal.
  public init(stringLiteral value: String) { text = value }

  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  /// Hashes the bytes of the text.
  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

/// The name of a token issuer, spelled as in its `iss` claim (RFC 7519 section 4.1.1).
public struct IssuerName: Hashable, Sendable {
  let exact: BytewiseString

  init(_ text: String) { exact = BytewiseString(text) }

  /// The name as it was configured.
  public var text: String { exact.text }
}
