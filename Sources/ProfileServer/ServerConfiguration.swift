/// The configuration of a server, as the command line sets it.
public struct ServerConfiguration: Sendable {
  /// The address to listen on.
  public var host: String
  /// The plain port; 0 picks a free one.
  public var port: Int
  /// The TLS port; 0 picks a free one.
  public var httpsPort: Int
  /// `--public-url` without a trailing slash.
  public var publicURL: String?
  /// How `source.type` is shown in responses.
  public var sourceShape: SourceShape
  /// Whether snake_case names of properties are accepted.
  public var lenientNames: Bool
  /// Seals the `$skiptoken` of links to further pages.
  public var pageTokenCipher: PageTokenCipher
  /// Most requests in one batch.
  public var batchRequestsMax: Int
  /// How many files the process may have open, connections included.
  public var openFilesMax: Int

  /// A configuration from its values.
  public init(
    host: String, port: Int, httpsPort: Int, publicURL: String?, sourceShape: SourceShape, lenientNames: Bool,
    pageTokenCipher: PageTokenCipher, batchRequestsMax: Int, openFilesMax: Int = .max
  ) {
    self.host = host
    self.port = port
    self.httpsPort = httpsPort
    self.publicURL = publicURL
    self.sourceShape = sourceShape
    self.lenientNames = lenientNames
    self.pageTokenCipher = pageTokenCipher
    self.batchRequestsMax = batchRequestsMax
    self.openFilesMax = openFilesMax
  }
}

/// The ports that a server listens on.
public struct ServerPorts: Sendable {
  /// The plain port.
  public let http: Int
  /// The TLS port.
  public let https: Int
}
