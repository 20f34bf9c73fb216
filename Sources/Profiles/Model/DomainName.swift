import OData

/// The name of a domain, in lower case (RFC 1035 section 2.3.1): at least two labels of letters, digits and hyphens.
public struct DomainName: Hashable, Sendable {
  /// Longest name, in bytes.
  public static let bytesMax = 253
  /// Longest label, in bytes.
  public static let labelBytesMax = 63
  /// What a name must be, as the end of a sentence.
  public static let rule =
    "is no domain name: join labels of letters, digits and hyphens by dots, as in contoso.example"

  /// The name, in lower case.
  public let text: String

  /// The domain of this name in any case; nil when it is no name of a domain.
  public init?(_ text: String) {
    let text = text.lowercased()
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.bytesMax, labels.count >= 2, labels.allSatisfy(Self.isLabel) else { return nil }
    self.text = text
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...labelBytesMax).contains(label.utf8.count) && label.first != "-" && label.last != "-"
      && label.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-")
      }
  }

  /// Whether the domain is a part of another one.
  func isBelow(_ other: DomainName) -> Bool { text.hasSuffix("." + other.text) }
}
