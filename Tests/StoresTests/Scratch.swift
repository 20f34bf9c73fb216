import Foundation
import OData
import Profiles
import Stores
import Synchronization
import Testing

/// A directory of one test, which removes it.
final class Scratch: Sendable {
  let directory: String
  /// Where the database goes.
  var database: String { directory + "/facet.db" }

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/facet-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  /// Removes the directory. Not left to `deinit`: a test uses the path longer than this object.
  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  /// The bytes of a file.
  func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

  /// Replaces the bytes of a file.
  func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}

/// What the tests put into stores: data of the declared types.
enum Sample {
  static let ann = person("ann")
  static let time = DateTimeOffset(unixSeconds: 1_600_000_000)

  /// A person of the declared type.
  static func person(_ id: String) -> StoredUser {
    let json = #"{"id":"\#(id)","displayName":"Ann","userPrincipalName":"\#(id)@contoso.example"}"#
    return StoredUser(
      id: userID(id), tenant: .demo, principalName: "\(id)@contoso.example", displayName: "Ann", version: .first,
      json: Array(json.utf8))
  }

  /// A phone of the declared type.
  static func phone(_ id: String, of user: StoredUser = ann, number: String = "1") -> StoredItem {
    let json = """
      {"id":"\(id)","allowedAudiences":"organization","createdDateTime":"\(time)","number":"\(number)"}
      """
    return StoredItem(
      key: key(id, of: user), version: .first, audience: .organization, created: time, json: Array(json.utf8),
      collapsible: nil)
  }

  /// The key of a phone.
  static func key(_ id: String, of user: StoredUser = ann) -> ItemKey {
    guard let id = ItemID(id) else { preconditionFailure("A test uses a bad id.") }
    return ItemKey(user: user.id, collection: "phones", id: id)
  }

  /// A directory of `people` people with `phones` phones each.
  static func directory(people: Int, phones: Int) -> [ImportLine] {
    (0..<people).flatMap { number -> [ImportLine] in
      let user = person("user-\(number)")
      return [.user(user)] + (0..<phones).map { .item(phone("phone-\($0)", of: user)) }
    }
  }

  static func userID(_ text: String) -> UserID {
    guard let id = UserID(text) else { preconditionFailure("A test uses a bad id.") }
    return id
  }
}

/// Puts an item as it is given, whatever is there.
struct Put: ItemOperation {
  let item: StoredItem
  var key: ItemKey { item.key }

  func change(_ state: ItemState) -> ItemChange {
    .put(
      item,
      Change(
        time: Sample.time, kind: .updated, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
        properties: [],
        versionBefore: state.item?.version, versionAfter: item.version, actingUser: nil, actingApplication: nil))
  }
}

/// Deletes a person, with a row of the audit log for each of their items and one for themself.
struct RemovePerson: PersonOperation {
  let user: UserID

  func change(_ state: PersonState) -> PersonChange {
    .remove(Self.row(user, nil, state.person?.version ?? .unwritten)) { key, version in
      Self.row(key.user, key, version)
    }
  }

  private static func row(_ user: UserID, _ key: ItemKey?, _ version: Version) -> Change {
    Change(
      time: Sample.time, kind: .deleted, user: user, tenant: .demo, collection: key?.collection, item: key?.id,
      properties: [],
      versionBefore: version, versionAfter: nil, actingUser: nil, actingApplication: nil)
  }
}

extension SQLiteStore {
  /// Imports lines.
  func load(_ lines: [ImportLine]) throws {
    var rest = lines[...]
    _ = try importLines(at: Sample.time) { rest.popFirst() }
  }

  /// Everything in the store.
  func content() throws -> [ImportLine] {
    var lines: [ImportLine] = []
    try exportLines { lines.append($0) }
    return lines
  }

  /// Writes an item and waits for the answer.
  func put(_ item: StoredItem) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      submit(.item(Put(item: item)) { continuation.resume(returning: $0) })
    }
  }

  /// Reads an item with a new reader, whose answer comes before the call returns.
  func read(_ key: ItemKey) throws -> Result<OwnedItem?, StoreError> {
    var answer: Result<OwnedItem?, StoreError>?
    try makeReader { $0() }.item(key, for: .everything) { answer = $0 }
    return try #require(answer)
  }
}

extension Version {
  /// Where tests begin to count: operations decide versions, and those of tests count them.
  static let first = Version(number: 1)
  /// The next that tests count.
  var next: Version { Version(number: number + 1) }
}
