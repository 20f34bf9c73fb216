/// The progress of copying a database of the former layout into the present one.
public enum SQLiteMigrationProgress: Equatable, Sendable {
  /// The copy begins, or continues where it was interrupted.
  case started
  /// This much is copied, in percent.
  case copied(percent: Int)
  /// The copy has taken the place of the database.
  case finished

  /// A sentence for operators.
  public var message: String {
    switch self {
    case .started:
      "The database is being copied into the new layout. This happens once. If it is cut off, the next start continues it."
    case .copied(let percent): "\(percent) % of the database is copied."
    case .finished: "The database has the new layout."
    }
  }
}
