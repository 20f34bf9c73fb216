import OData
import Profiles

/// One input of the fuzzer. The first byte picks a type and a mode; the rest is the text under test.
struct Input {
  /// The types of entities, in the order of their declaration.
  static let types = ProfileModel.model.structuredTypes.filter { $0.isEntity && !$0.isAbstract }

  /// `A` and `a` pick the first type, `B` and `b` the second.
  let type: StructuredType
  /// Whether the first byte is in the range of lower-case letters.
  let isLowercase: Bool
  /// The bytes after the first one, in the fuzzer's own buffer, so that AddressSanitizer detects a read beyond its end.
  let rest: UnsafeBufferPointer<UInt8>

  /// Parses an input; nil when it is empty.
  init?(_ data: UnsafePointer<UInt8>, _ count: Int) {
    guard count > 0 else { return nil }
    type = Self.types[(Int(data[0] & 0x1F) + 31) % 32 % Self.types.count]
    isLowercase = data[0] & 0x20 != 0
    rest = UnsafeBufferPointer(start: data + 1, count: count - 1)
  }

  /// The lines of the bytes after the first one.
  var lines: [UnsafeBufferPointer<UInt8>] {
    rest.split(separator: 0x0A, omittingEmptySubsequences: false).map { UnsafeBufferPointer(rebasing: $0) }
  }
}
