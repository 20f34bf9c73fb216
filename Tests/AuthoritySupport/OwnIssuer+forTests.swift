@testable import Authority

extension OwnIssuer {
  /// The text of a key file. Making an RSA key is slow, so that tests share one, but for those of making it.
  private static let sharedKey = try? SigningKeyMaker.newKey()

  /// An issuer of a directory, which gets the tests' key when it has none.
  static func forTests(directory: String) async throws -> OwnIssuer {
    try PrivateFiles.makeDirectory(directory)
    if let sharedKey, try PrivateFiles.names(in: directory).isEmpty {
      try PrivateFiles.write(sharedKey, to: directory + "/key-0001.pem", mode: 0o600, existing: .keep)
    }
    return try await load(directory: directory)
  }
}
