import OData
import Profiles

/// One input of the fuzzer. Its first byte picks a type and a mode, the others are what is read.
struct Input {
  /// Types whose values have an address of their own, in the order of their declaration.
  static let types = ProfileModel.model.structuredTypes.filter { $0.isEntity && !$0.isAbstract }

  /// `A` and `a` pick the first type, `B` and `b` the second.
  let type: StructuredType
  /// Whether the first byte is a letter in lower case, or stands where those do.
  let isLowercase: Bool
  /// What follows the first byte, where the fuzzer keeps it: a read beyond its end is seen.
  let rest: UnsafeBufferPointer<UInt8>

  /// Takes an input apart; nil when it is empty.
  init?(_ data: UnsafePointer<UInt8>, _ count: Int) {
    guard count > 0 else { return nil }
    type = Self.types[(Int(data[0] & 0x1F) + 31) % 32 % Self.types.count]
    isLowercase = data[0] & 0x20 != 0
    rest = UnsafeBufferPointer(start: data + 1, count: count - 1)
  }

  /// What follows the first byte, line by line.
  var lines: [UnsafeBufferPointer<UInt8>] {
    rest.split(separator: 0x0A, omittingEmptySubsequences: false).map { UnsafeBufferPointer(rebasing: $0) }
  }
}
