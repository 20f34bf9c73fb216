import OData

/// Why a key or certificate file cannot be used. Messages show names of files, never their contents.
public enum KeyFileError: Error, Equatable, Sendable {
  /// The file cannot be read; `reason` is the operating system's.
  case unreadable(path: String, reason: String)
  /// The file cannot be written; `reason` is the operating system's.
  case unwritable(path: String, reason: String)
  /// Others than the owner can read a private key.
  case exposed(path: String, mode: String)
  /// The file does not contain what it should.
  case broken(path: String)
  /// The file is longer than `Limits.keyFileBytesMax`.
  case tooLarge(path: String)
  /// The directory has more than `Limits.keyFilesMax` key files.
  case tooMany(directory: String)
  /// A key is gone whose replacement clients would not trust.
  case missing(path: String)
  /// A directory that had keys a moment ago has none.
  case noKeys(directory: String)
  /// The library failed to make a key.
  case notMade
  /// The servers share their keys through a database that cannot be reached; `reason` is a sentence.
  case notShared(reason: String)
  /// A host name that a certificate cannot contain.
  case invalidHost

  /// What was wrong and what to do.
  public var message: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason). Make it readable for the account that the server runs under."
    case .unwritable(let path, let reason):
      "\(path) cannot be written: \(reason). Check the directory's owner, permissions and free space."
    case .exposed(let path, let mode):
      "\(path) can be read by others (mode \(mode)). Run: chmod 600 '\(path)', and consider a new key."
    case .broken(let path):
      "\(path) does not hold what it should. Restore it from a backup, or move it away to have a new one made."
    case .tooLarge(let path): "\(path) is larger than \(Limits.keyFileBytesMax) bytes. Restore it from a backup."
    case .tooMany(let directory):
      "\(directory) holds more than \(Limits.keyFilesMax) keys. Remove the oldest; their tokens have expired."
    case .missing(let path):
      "\(path) is missing. Restore it from a backup, or move its whole directory away to have all of it made anew; "
        + "clients must then trust the new certificate."
    case .noKeys(let directory):
      "\(directory) has lost its keys while they were read. Restore them from a backup, or start again to have a new one "
        + "made; tokens of the others end then."
    case .notMade: "No key could be made to sign tokens with. Restart the server; if it stays so, report it."
    case .notShared(let reason):
      "The key that signs tokens could not be shared with the other servers, and is not used before it is: \(reason)"
    case .invalidHost:
      "The host of --public-url or --host is neither an IP address nor a host name in ASCII. Write it in its "
        + "ASCII form."
    }
  }
}
