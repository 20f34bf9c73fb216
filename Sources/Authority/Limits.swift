public import OData

/// The bounds of the built-in authority.
extension Limits {
  // MARK: Tokens

  /// Longest life of a token that the authority issues, in seconds.
  public static let issuedTokenSecondsMax = 86_400 * 365
  /// Life of a token that the authority issues unless another is asked for, in seconds.
  public static let issuedTokenSecondsDefault = 3_600
  /// Longest name of an issuer that is looked at, in bytes.
  static let issuerNameBytesMax = 8 << 10
  /// Most tokens that wait to be signed, about 1 ms each; further ones are refused with 503.
  public static let signaturesWaitingMax = 256
  /// Time after which a client that got no signature may try again, in seconds.
  public static let signatureRetrySeconds = 1

  // MARK: Key files

  /// Longest key or certificate file that is read, in bytes.
  public static let keyFileBytesMax = 64 << 10
  /// Most key files of the authority.
  public static let keyFilesMax = 16

  // MARK: Certificates

  /// Life of the local certificate authority's certificate, in days.
  static let certificateAuthorityDays = 3_650
  /// Life of a server certificate, in days. Some clients refuse longer ones.
  static let serverCertificateDays = 397
  /// Remaining life at which a certificate is renewed, in days.
  static let certificateRenewalDays = 30
  /// How far in the past a certificate begins, in seconds: clocks of containers may be a little behind.
  static let certificateBackdateSeconds = 300
}
