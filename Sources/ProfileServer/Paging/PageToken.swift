import OData
import Profiles

/// The content of a `$skiptoken`: where a list continues.
struct PageToken: Equatable {
  /// Most entities of a page.
  let pageSize: Int
  /// The keyset position of the last entity of the page before.
  let place: KeysetPosition

  /// The data that a token is bound to: caller, path and query options. A token does not open for another caller or
  /// path, or with an option changed, added or removed. The order of options and their encoding do not matter.
  static func binding(_ caller: Caller, path: some Sequence<UInt8>, _ options: QueryOptions) -> [UInt8] {
    var parts = [caller.tenant.text, caller.userID?.text ?? "", caller.applicationID ?? ""]
    parts += options.identity.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return PageTokenCipher.digest([Array(path)] + parts.map { Array($0.utf8) })
  }

  // MARK: Serialization

  private static let formatVersion: UInt8 = 1

  private enum Tag: UInt8 {
    case null, int, double, text
  }

  /// The serialized token: format version, page size, values with their kinds, and id.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [Self.formatVersion]
    Self.append(UInt64(pageSize), to: &bytes)
    bytes.append(UInt8(place.values.count))
    for value in place.values {
      switch value {
      case .null: bytes.append(Tag.null.rawValue)
      case .int(let number):
        bytes.append(Tag.int.rawValue)
        Self.append(UInt64(bitPattern: number), to: &bytes)
      case .double(let number):
        bytes.append(Tag.double.rawValue)
        Self.append(number.bitPattern, to: &bytes)
      case .text(let text):
        bytes.append(Tag.text.rawValue)
        Self.append(UInt64(text.count), to: &bytes)
        bytes += text
      }
    }
    return bytes + place.id
  }

  /// A token from its parts.
  init(pageSize: Int, place: KeysetPosition) {
    self.pageSize = pageSize
    self.place = place
  }

  /// Parses a serialized token; nil for anything else, such as another format version.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    guard rest.popFirst() == Self.formatVersion, let size = Self.number(&rest), size <= UInt64(Limits.pageSizeMax),
      let count = rest.popFirst(), count <= Limits.orderKeysMax
    else { return nil }
    var values: [OrderValue] = []
    for _ in 0..<count {
      guard let tag = rest.popFirst().flatMap(Tag.init(rawValue:)), let value = Self.value(tag, &rest) else {
        return nil
      }
      values.append(value)
    }
    self.init(pageSize: Int(size), place: KeysetPosition(values: values, id: Array(rest)))
  }

  private static func value(_ tag: Tag, _ rest: inout ArraySlice<UInt8>) -> OrderValue? {
    switch tag {
    case .null: return .null
    case .int: return number(&rest).map { .int(Int64(bitPattern: $0)) }
    case .double: return number(&rest).map { .double(Double(bitPattern: $0)) }
    case .text:
      guard let count = number(&rest), count <= UInt64(rest.count) else { return nil }
      defer { rest = rest.dropFirst(Int(count)) }
      return .text(Array(rest.prefix(Int(count))))
    }
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }

  private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    guard rest.count >= 8 else { return nil }
    defer { rest = rest.dropFirst(8) }
    return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
