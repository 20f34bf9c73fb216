/// Ranks the people who stand near a person: each reason counts points, and the sum decides.
struct NearbyRanking {
  /// Why somebody stands near a person.
  enum Reason: CaseIterable, Hashable, Sendable {
    /// The person lists them as family or as a contact.
    case listed
    /// A project of the person names them as a colleague.
    case colleague
    /// Both have a project of the same name.
    case sharedProject
    /// Both are members of a group of at most `Limits.nearbyGroupMembersMax` people.
    case sharedGroup

    /// The points for each time that it applies.
    var points: Int {
      switch self {
      case .listed: 40
      case .colleague: 30
      case .sharedProject: 20
      case .sharedGroup: 10
      }
    }

    /// How often it counts.
    var countedMax: Int {
      switch self {
      case .listed, .colleague: 1
      case .sharedProject: 3
      case .sharedGroup: 5
      }
    }
  }

  private var reasons: [UserID: [Reason: Int]] = [:]

  /// Notes that a reason applies to somebody once more.
  mutating func add(_ reason: Reason, of user: UserID) { reasons[user, default: [:]][reason, default: 0] += 1 }

  /// The points of somebody; none when there is no reason.
  func points(of user: UserID) -> Int {
    (reasons[user] ?? [:]).reduce(0) { $0 + min($1.value, $1.key.countedMax) * $1.key.points }
  }

  /// At most `limit` people, the nearest first; of those with as many points, the one with the first id.
  func nearest(_ limit: Int) -> [UserID] {
    let ranked = reasons.keys.map { (user: $0, position: Self.position(of: $0, points: points(of: $0))) }
    return ranked.sorted { $0.position.utf8.lexicographicallyPrecedes($1.position.utf8) }.prefix(limit).map(\.user)
  }

  /// The position in the list of somebody with as many points, as a text by whose bytes the list is ordered.
  static func position(of user: UserID, points: Int) -> String {
    let rest = String(pointsMax - min(points, pointsMax))
    return String(repeating: "0", count: String(pointsMax).utf8.count - rest.utf8.count) + rest + user.text
  }

  private static let pointsMax = Reason.allCases.reduce(0) { $0 + $1.points * $1.countedMax }
}
