import Glibc

/// Why a store could not be opened at all. Damaged data is not among the reasons: such a store opens and refuses
/// writes.
public enum StoreOpenError: Error, Equatable, Sendable {
  /// Another server has the data directory.
  case inUse
  /// An older version of the program wrote the database, which was to be opened for reading only.
  case older
  /// There is no database at the path, and none was to be created.
  case missing
  /// The directory has the key of a database that is not there.
  case lost
  /// The key of the audit log is missing, or belongs to another database.
  case foreignKey
  /// The file of the audit log's key does not hold a key, or cannot be read or written; the reason says which.
  case key(reason: String)
  /// The file system cannot lock; the reason is the operating system's.
  case unlockable(reason: String)
  /// The directory cannot be used; the reason is the operating system's.
  case unusable(reason: String)

  /// A sentence for people: what is wrong and what to do.
  public var message: String {
    switch self {
    case .inUse: "Another server uses this data directory. Stop it, or choose another directory with --data."
    case .older:
      "The database was written by an older version of Facet. Start the server once, which brings it up to date."
    case .missing: "There is no Facet database in this data directory. Check the path given with --data."
    case .lost:
      "The data directory has audit.key (or record.key, its former name), the key of a database, but facet.db is missing or "
        + "empty. Put facet.db back with "
        + "facet.db-wal beside it, or restore a backup with `facet restore`. To begin anew, move the key away first."
    case .foreignKey: AuditKey.foreignKeySentence
    case .key(let reason):
      "The file audit.key (or record.key, its former name) in the data directory \(reason). Put the right one there, readable by this user."
    case .unlockable(let reason):
      "The file system of the data directory cannot lock it: \(reason). Choose a data directory on a local disk."
    case .unusable(let reason):
      "The data directory cannot be used: \(reason). Check that it exists and that this user may write in it."
    }
  }
}

/// Errors of the operating system, as text.
enum SystemErrorText {
  /// What the system says about an error number.
  static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
