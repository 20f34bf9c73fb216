import OData
import Profiles

/// The JSON of an item or a person as a row stores it. Where the id is a GUID, which has a column of its own, the first
/// member of the object, `"id":"…",`, is left out: 44 bytes, one in twelve of an ordinary item.
///
/// JSON whose first member is not exactly that is stored as it is, and begins with `{"id":` as every entity does. An
/// object that begins otherwise can only come from a damaged row of the former layout. It is stored with a space
/// instead of its brace, so that adding the member does not turn it into an entity.
enum SQLiteEntityJSON {
  /// The size of an item's JSON with the member that its row leaves out, in bytes, as SQL.
  static let size = """
    (length(json) + iif(typeof(id) = 'blob' and substr(json, 1, 1) = x'7b'
    and substr(json, 1, \(beginning.count)) <> x'7b226964223a', \(memberBytes), 0))
    """

  /// The JSON of an item as its row stores it.
  static func stored(_ item: StoredItem, _ id: SQLiteIdentifier) -> [UInt8] {
    stored(item.json, id, item.key.id.text)
  }

  /// JSON as a row stores it. `text` is the id as clients write it.
  static func stored(_ json: [UInt8], _ id: SQLiteIdentifier, _ text: String) -> [UInt8] {
    guard case .guid = id else { return json }
    guard hasMember(json, text) else {
      return json.first == brace && !json.starts(with: beginning) ? marked(json) : json
    }
    return Array(unsafeUninitializedCapacity: json.count - memberBytes) { bytes, count in
      count = json.count - memberBytes
      bytes[0] = brace
      json.withUnsafeBytes { json in
        UnsafeMutableRawBufferPointer(bytes)[1...].copyBytes(from: json[(memberBytes + 1)...])
      }
    }
  }

  /// The JSON of the entity `id`, from what its row stores.
  static func restored(_ stored: UnsafeRawBufferPointer, _ id: String) -> [UInt8] {
    // Only in a damaged row does the id have another length. The reader of the JSON then finds no entity in it.
    guard stored.count > 1, stored[0] == brace, !stored.starts(with: beginning), id.utf8.count == idBytes else {
      return Array(stored)
    }
    return Array(unsafeUninitializedCapacity: stored.count + memberBytes) { bytes, count in
      count = stored.count + memberBytes
      let json = UnsafeMutableRawBufferPointer(bytes)
      json.copyBytes(from: opening)
      id.withBytes { json[opening.count...].copyBytes(from: $0.prefix(idBytes)) }
      json[(opening.count + idBytes)...].copyBytes(from: closing)
      json[(memberBytes + 1)...].copyBytes(from: stored[1...])
    }
  }

  private static func hasMember(_ json: [UInt8], _ id: String) -> Bool {
    guard json.count > memberBytes + 1, json.starts(with: opening) else { return false }
    return json[opening.count...].starts(with: id.utf8)
      && json[(opening.count + idBytes)...].starts(with: closing)
      // Without the first member it must not begin like one that has it.
      && !json[(memberBytes + 1)...].starts(with: beginning.dropFirst())
  }

  private static func marked(_ json: [UInt8]) -> [UInt8] { [UInt8(ascii: " ")] + json.dropFirst() }

  private static let brace = UInt8(ascii: "{")
  private static let beginning = Array("{\"id\":".utf8)
  private static let opening = Array("{\"id\":\"".utf8)
  private static let closing = Array("\",".utf8)
  private static let idBytes = 36
  /// The member and its comma, without the brace before it.
  private static let memberBytes = opening.count - 1 + idBytes + closing.count
}
