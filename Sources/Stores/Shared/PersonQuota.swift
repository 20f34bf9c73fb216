import OData
import Profiles

/// How much one person holds, for `Limits`.
struct PersonQuota {
  /// Items by collection.
  var counts: [String: Int] = [:]
  /// Bytes of all items.
  var bytes = 0

  /// Which limit would be exceeded by `item` in the place of one of `oldBytes` bytes, nil meaning a new one.
  func refusal(of item: StoredItem, replacing oldBytes: Int?) -> ProfileError? {
    if oldBytes == nil, counts[item.key.collection, default: 0] >= Limits.itemsPerCollectionMax {
      return .collectionFull
    }
    let old = oldBytes ?? 0
    // What shrinks is let through even when too much is there already.
    guard item.json.count > old, bytes - old + item.json.count > Limits.personBytesMax else { return nil }
    return .personFull
  }

  /// Counts `item` in the place of one of `oldBytes` bytes, nil meaning a new one.
  mutating func add(_ item: StoredItem, replacing oldBytes: Int?) {
    if oldBytes == nil { counts[item.key.collection, default: 0] += 1 }
    bytes += item.json.count - (oldBytes ?? 0)
  }
}
