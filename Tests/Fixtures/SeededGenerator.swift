import Foundation

/// Replayable random numbers: the seed is printed, and `TEST_SEED` sets it.
public struct SeededGenerator: RandomNumberGenerator {
  /// The seed that reproduces these numbers.
  public let seed: UInt64
  private var state: UInt64

  /// The numbers of a seed.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A generator with the seed from the environment, or a new one.
  public static func replayable(_ purpose: String) -> SeededGenerator {
    let given = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(purpose): TEST_SEED=\(seed)")
    return SeededGenerator(seed: seed)
  }

  /// The next number (SplitMix64).
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
