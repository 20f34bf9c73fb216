public import OData

/// The bounds of authentication.
extension Limits {
  // MARK: A token

  /// Longest bearer token, in bytes.
  public static let tokenBytesMax = 16 << 10
  /// Clock skew that is tolerated when a token's times are checked, in seconds.
  public static let clockSkewSeconds = 60
  /// Largest absolute value of a time in a token, in seconds since 1970. Nobody means a larger one, and it might not
  /// fit an integer.
  static let claimSecondsMax = 1e12

  // MARK: The cache of verified tokens

  /// Most verified tokens that one event loop remembers.
  public static let rememberedTokensMax = 10_000
  /// Most that the verified tokens of one event loop hold, in bytes of tokens.
  public static let rememberedTokenBytesMax = 16 << 20
  /// Longest time that a verified token is remembered before its signature is verified again, in seconds.
  public static let rememberedTokenSecondsMax = 3_600

  // MARK: Keys of issuers

  /// Shortest time between two fetches of one issuer's keys, in seconds.
  public static let keyRefreshSeconds = 30
  /// Age from which on keys are fetched again before they are used, in seconds.
  public static let keyAgeSecondsMax = 86_400
  /// Longest time that a fetch of an issuer's keys may take, in seconds.
  public static let keyFetchSeconds = 5
  /// Longest discovery document, key set or issuers file that is read, in bytes.
  public static let keyDocumentBytesMax = 1 << 20
  /// Longest cause of a failed fetch in a log line, in characters.
  static let fetchCauseCharactersMax = 200
  /// Most keys that are kept of one issuer.
  public static let keysPerIssuerMax = 64
  /// Shortest RSA modulus of a key, in bits.
  public static let rsaModulusBitsMin = 2_048
  /// Longest RSA modulus of a key, in bytes; a longer one would make each verification slow.
  public static let rsaModulusBytesMax = 1_024

  // MARK: The issuers file

  /// Most external issuers, and most audiences, tenants or key hosts of one.
  public static let issuersMax = 64
}
