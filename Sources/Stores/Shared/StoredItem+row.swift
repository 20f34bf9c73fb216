import OData
import Profiles

extension StoredItem {
  /// An item from the columns of its row; nil when they do not form one. The JSON will be cut and spliced, so neither it nor
  /// the range of its collapsible part is trusted.
  init?(
    key: ItemKey, version: Int64, audience: Int64, createdTicks: Int64, collapseStart: Int64?, collapseEnd: Int64?,
    json: [UInt8]
  ) {
    guard let created = DateTimeOffset(ticks: createdTicks), Self.isEntity(json) else { return nil }
    var collapsible: Range<Int>?
    if let start = collapseStart, let end = collapseEnd {
      guard start >= Self.entityPrefix.count, end - start > 2, end < Int64(json.count),
        json[Int(start)] == UInt8(ascii: "["), json[Int(end) - 1] == UInt8(ascii: "]")
      else { return nil }
      collapsible = Int(start)..<Int(end)
    }
    self.init(
      key: key, version: Version(number: version), audience: Audience(rawValue: audience), created: created,
      json: json, collapsible: collapsible)
  }

  /// Whether the bytes are an object whose first member is its key, as in every stored one.
  static func isEntity(_ json: [UInt8]) -> Bool {
    json.count > entityPrefix.count && json.starts(with: entityPrefix) && json.last == UInt8(ascii: "}")
  }

  private static let entityPrefix = Array("{\"id\":".utf8)

  /// Whether the columns of the item but for version and JSON are as they were, apart from the person whom it lists.
  func differsInContentAlone(from old: StoredItem) -> Bool {
    audience == old.audience && created == old.created && collapsible == old.collapsible
  }
}
