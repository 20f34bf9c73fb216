/// The name of a token issuer, spelled as in its `iss` claim (RFC 7519 section 4.1.1).
public struct IssuerName: Hashable, Sendable {
  let exact: BytewiseString

  init(_ text: String) { exact = BytewiseString(text) }

  /// The name as it was configured.
  public var text: String { exact.text }
}
