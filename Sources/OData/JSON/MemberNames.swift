/// The names of the members of one JSON object that were read so far. The first few are compared one by one, which
/// costs less than hashing them.
///
/// Safety: the names point into the text, so this value must not outlive the closure that lends the text.
public struct MemberNames {
  private static let fewMax = 8

  private var few: [JSONReader.Text] = []
  private var others: Set<[UInt8]> = []

  /// No names.
  public init() {}

  /// The number of names.
  public var count: Int { few.count + others.count }

  /// Adds a name; returns false when it is there already.
  mutating func insert(_ name: JSONReader.Text) -> Bool {
    guard !few.contains(where: { $0.hasSameBytes(as: name) }) else { return false }
    guard few.count == Self.fewMax else {
      if few.isEmpty { few.reserveCapacity(Self.fewMax) }
      few.append(name)
      return true
    }
    return others.insert(name.utf8).inserted
  }
}
