import OData
import Profiles

/// Writes what a caller may see as Graph shows it: control information first, then the members as they are stored.
struct ItemEncoder {
  /// The service root with a trailing slash, such as `http://localhost:8080/beta/`.
  let serviceRoot: String
  /// Whether a collection of one element that may be answered alone is.
  let showsSingleElement: Bool

  /// One item as the answer to a request.
  func entity(_ item: VisibleItem) -> [UInt8] {
    var json = JSONWriter(capacity: item.json.count + 320)
    json.beginObject()
    json.member("@odata.context", context(of: item.key.user, item.key.collection) + "/$entity")
    write(item, into: &json)
    return json.bytes
  }

  /// The beginning of a list, up to and with the opening bracket.
  func listOpening(of user: UserID, _ collection: String) -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.member("@odata.context", context(of: user, collection))
    json.name("value")
    json.beginArray()
    return json.bytes
  }

  /// The items of one page; `isFirst` when nothing stands before them in the list.
  func elements(_ items: [VisibleItem], isFirst: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(items.reduce(0) { $0 + $1.json.count + 128 })
    for (position, item) in items.enumerated() {
      if position > 0 || !isFirst { bytes.append(UInt8(ascii: ",")) }
      var json = JSONWriter(capacity: item.json.count + 128)
      json.beginObject()
      write(item, into: &json)
      bytes.append(contentsOf: json.bytes)
    }
    return bytes
  }

  /// The end of a list.
  static let listClosing = Array("]}".utf8)

  /// A person as the answer to a request.
  func user(_ user: VisibleUser) -> [UInt8] {
    var json = JSONWriter(capacity: user.json.count + 256)
    json.beginObject()
    json.member("@odata.context", "\(serviceRoot)$metadata#users/$entity")
    json.member("@odata.type", "#\(ProfileModel.user.qualifiedName)")
    json.member("@odata.etag", user.version.entityTag)
    json.name("id")
    // The stored object begins with its key, written here already up to the colon.
    json.raw(user.json.dropFirst(Self.keyPrefix.count))
    return json.bytes
  }

  /// The absolute URL of an item, for `Location`.
  func location(of key: ItemKey) -> String {
    let encode = PercentEncoding.encodeSegment
    return "\(serviceRoot)users/\(encode(key.user.text))/profile/\(key.collection)/\(encode(key.id.text))"
  }

  private static let keyPrefix = Array("{\"id\":".utf8)

  /// The context URL of a collection; the key is the person's id, also under `/me` (OData JSON 4.01 section 4.6.1).
  private func context(of user: UserID, _ collection: String) -> String {
    "\(serviceRoot)$metadata#users('\(user.text.replacing("'", with: "''"))')/profile/\(collection)"
  }

  private func write(_ item: VisibleItem, into json: inout JSONWriter) {
    json.member("@odata.type", "#\(item.type.qualifiedName)")
    json.member("@odata.etag", item.version.entityTag)
    json.name("id")
    let start = Self.keyPrefix.count
    guard showsSingleElement, let array = item.collapsible, array.lowerBound >= start else {
      return json.raw(item.json[start...])
    }
    json.raw(item.json[start..<array.lowerBound])
    json.append(item.json[(array.lowerBound + 1)..<(array.upperBound - 1)])
    json.append(item.json[array.upperBound...])
  }
}
