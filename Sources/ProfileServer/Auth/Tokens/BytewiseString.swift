import OData

/// Text that is compared byte for byte.
///
/// Swift's `==` on strings is canonical equivalence, which would let two different issuers or key ids be one.
struct BytewiseString: Hashable, Sendable, ExpressibleByStringLiteral {
  let text: String

  init(_ text: String) { self.text = text }
  init(stringLiteral value: String) { text = value }

  static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

/// The issuer of tokens, as their `iss` claim spells it.
public struct IssuerName: Hashable, Sendable {
  let exact: BytewiseString

  init(_ text: String) { exact = BytewiseString(text) }

  /// The name as it was configured.
  public var text: String { exact.text }
}
