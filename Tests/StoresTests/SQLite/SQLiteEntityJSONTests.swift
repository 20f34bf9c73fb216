import OData
import Profiles
import Testing

@testable import Stores

@Suite("The JSON of items and people as SQLite keeps it")
struct SQLiteEntityJSONTests {
  private static let guid = "0123abcd-ef45-4678-9abc-def012345678"
  private static let member = #""id":"\#(guid)","#

  private static func item(_ json: String, id: String) throws -> StoredItem {
    let id = try #require(ItemID(id))
    return StoredItem(
      key: ItemKey(user: Sample.ann.id, collection: "phones", id: id), version: .first, audience: .organization,
      created: Sample.time, json: Array(json.utf8), collapsible: nil)
  }

  private static func stored(_ item: StoredItem) -> [UInt8] {
    SQLiteEntityJSON.stored(item, SQLiteIdentifier(item.key.id.text))
  }

  private static func restored(_ stored: [UInt8], _ item: StoredItem) -> [UInt8] {
    stored.withUnsafeBytes { SQLiteEntityJSON.restored($0, item.key.id.text) }
  }

  @Test("The id of an item whose id is a GUID is left out, and comes back")
  func leftOut() throws {
    for rest in [#""number":"1"}"#, #""allowedAudiences":"me","number":"\#(String(repeating: "ä", count: 500))"}"#] {
      let item = try Self.item("{\(Self.member)\(rest)", id: Self.guid)
      let stored = Self.stored(item)
      #expect(stored == Array("{\(rest)".utf8))
      #expect(item.json.count - stored.count == 44)
      #expect(Self.restored(stored, item) == item.json)
    }
  }

  /// Items, which all begin with the member `id`, that do not begin with exactly their id, and those ids.
  private static let others = [
    (#"{"id":"\#(guid)"}"#, guid), (#"{"id": "\#(guid)","number":"1"}"#, guid),
    (#"{"id":"\#(guid)" ,"number":"1"}"#, guid),
    (#"{"id":"\#(guid.uppercased())","number":"1"}"#, guid),
    (#"{"id":"\u0030123abcd-ef45-4678-9abc-def012345678","number":"1"}"#, guid),
    (#"{"id":"00000000-0000-0000-0000-000000000000","number":"1"}"#, guid),
    (#"{"id":null,"number":"1"}"#, guid), (#"{"id":"phone-1","number":"1"}"#, "phone-1"),
    (#"{"id":"\#(guid.uppercased())","number":"1"}"#, guid.uppercased()),
    (#"{"id":"\"a\u00e9","number":"1"}"#, "\"aé"), (#"{"id":"x"}"#, "x"),
    // No writer makes two members of one name; without the first it would be taken for whole.
    ("{\(member)\(member)\"number\":\"1\"}", guid),
  ]

  @Test("JSON that does not begin with exactly the id is kept as it is", arguments: others)
  func whole(_ json: String, _ id: String) throws {
    let item = try Self.item(json, id: id)
    let stored = Self.stored(item)
    #expect(stored == item.json)
    #expect(Self.restored(stored, item) == item.json)
  }

  @Test(
    "An object without an id does not become an item by being stored", arguments: ["", "{", "{}", #"{"number":"1"}"#])
  func withoutID(_ json: String) throws {
    let item = try Self.item(json, id: Self.guid)
    let restored = Self.restored(Self.stored(item), item)
    #expect(restored.count == item.json.count)
    #expect(!StoredItem.isEntity(restored))
  }

  @Test("Damaged bytes are given back, and are no item")
  func damaged() throws {
    for (text, id) in [
      ("", Self.guid), ("{", Self.guid), (#" "number":"1"}"#, Self.guid), ("[]", Self.guid), ("[", "phone-1"),
      (#"{"number":"1"}"#, "phone-1"),
      (#"{"number":"1"}"#, String(repeating: "x", count: 40)),
    ] {
      let item = try Self.item("{}", id: id)
      let restored = Self.restored(Array(text.utf8), item)
      #expect(restored == Array(text.utf8))
      #expect(!StoredItem.isEntity(restored))
    }
  }

  @Test("The size of an item in a row is computed by SQLite as it is")
  func size() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try SQLiteConnection(scratch.database, .copy)
    connection.leaveGRDB()
    try connection.execute("create table profile (id any, json blob) strict")
    let insert = try connection.prepare("insert into profile (id, json) values (?, ?)")
    let size = try connection.prepare("select \(SQLiteEntityJSON.size) from profile order by rowid desc limit 1")
    for (json, id) in [
      (#"{\#(Self.member)"number":"ä1"}"#, Self.guid), (#"{"id":"\#(Self.guid)"}"#, Self.guid),
      (#"{"id": "\#(Self.guid)","number":"1"}"#, Self.guid), (#"{"id":"phone-1","number":"é"}"#, "phone-1"),
      (#"{"number":"1"}"#, Self.guid),
    ] {
      let item = try Self.item(json, id: id)
      try insert.bind(SQLiteIdentifier(id), Self.stored(item))
      try insert.run()
      #expect(try size.first { row throws(SQLiteFailure) in Int(row.int64(0)) } == item.json.count, "\(json)")
    }
  }

  @Test("The id of a person whose id is a GUID is left out, and comes back", arguments: [guid, "ann"])
  func person(_ id: String) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let person = Sample.person(id)
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(person)])
    let reader = try store.makeReader { $0() }
    var found: [StoredUser] = []
    reader.users(in: .demo, UserSelection(), after: nil, limit: 10) { page in
      found = (try? page.get().elements) ?? []
    }
    #expect(found.map(\.json) == [person.json])
    let connection = try SQLiteConnection(scratch.database, .read)
    #expect(try connection.value("select length(json) from person") == "\(person.json.count - (id == "ann" ? 0 : 44))")
    store.close()
  }
}
