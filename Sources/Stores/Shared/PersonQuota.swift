import OData
import Profiles

/// How much one person holds, compared with `Limits`.
struct PersonQuota {
  /// The number of items, by collection.
  var counts: [String: Int] = [:]
  /// The size of all items, in bytes.
  var bytes = 0

  /// Whether an item of `bytes` bytes in place of one of `oldBytes` is too little more to be counted.
  static func isUncounted(_ bytes: Int, replacing oldBytes: Int) -> Bool {
    func pieces(_ bytes: Int) -> Int { (bytes + Limits.personBytesStep - 1) / Limits.personBytesStep }
    return pieces(bytes) <= pieces(oldBytes)
  }

  /// The refusal when `item` would exceed a limit, or nil. It replaces an item of `oldBytes` bytes; nil stands for a
  /// new item.
  func refusal(of item: StoredItem, replacing oldBytes: Int?) -> ProfileError? {
    if oldBytes == nil, counts[item.key.collection, default: 0] >= Limits.itemsPerCollectionMax {
      return .collectionFull
    }
    let old = oldBytes ?? 0
    // An item that shrinks is let through even when the person holds too much already.
    guard item.json.count > old, bytes - old + item.json.count > Limits.personBytesMax else { return nil }
    return .personFull
  }

  /// Counts `item` in place of one of `oldBytes` bytes; nil stands for a new item.
  mutating func add(_ item: StoredItem, replacing oldBytes: Int?) {
    if oldBytes == nil { counts[item.key.collection, default: 0] += 1 }
    bytes += item.json.count - (oldBytes ?? 0)
  }
}
