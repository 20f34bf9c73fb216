import OData

/// The sizes in which photos are kept: the squares that Graph names (its page "profilePhoto resource type").
public enum PhotoSize {
  /// The lengths of a side in pixels, smallest first.
  public static let sides = [48, 64, 96, 120, 240, 360, 432, 504, 648]

  /// The name of a size, such as `48x48`.
  public static func name(_ side: Int) -> String { "\(side)x\(side)" }

  /// The side of the size with this name, in any case; nil when Graph names no such size.
  public static func side(named name: String) -> Int? {
    sides.first { Self.name($0).isSameName(as: name) }
  }
}
