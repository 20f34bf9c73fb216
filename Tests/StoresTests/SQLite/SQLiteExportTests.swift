import OData
import Profiles
import Stores
import Testing

@Suite("Exports of the SQLite store")
struct SQLiteExportTests {
  private static let guids = ["00000000-0000-4000-8000-000000000000", "b0000000-0000-4000-8000-000000000000"]

  private static func item(_ collection: String, _ id: String, of user: StoredUser) throws -> StoredItem {
    let phone = Sample.phone(id, of: user)
    return StoredItem(
      key: ItemKey(user: user.id, collection: collection, id: phone.key.id), version: .first,
      audience: phone.audience, created: phone.created, json: phone.json, collapsible: nil)
  }

  @Test("Items come by the names of their collections, then by their ids, GUIDs among others")
  func order() throws {
    let store = try SQLiteStore.temporary()
    // Collections and people get their numbers in another order than that of their names.
    let people = ["zoe", "ann", Self.guids[1], "Bob"].map { Sample.person($0) }
    let ids = ["b", Self.guids[1], "a", "é", Self.guids[0], "Z", "b0000000", "0"]
    var lines: [ImportLine] = []
    for user in people {
      lines.append(.user(user))
      for collection in ["phones", "emails", "notes"] {
        lines += try ids.map { .item(try Self.item(collection, $0, of: user)) }
      }
    }
    try store.load(lines)
    var exported: [String] = []
    for line in try store.content() {
      switch line {
      case .user(let user): exported.append(user.id.text)
      case .item(let item): exported.append("\(item.key.user.text) \(item.key.collection) \(item.key.id.text)")
      case .tenant, .group, .groupPhoto, .member, .nestedGroup, .owner: Issue.record("\(line)")
      }
    }
    let sorted = ["0", Self.guids[0], "Z", "a", "b", "b0000000", Self.guids[1], "é"]
    let expected = ["Bob", "ann", Self.guids[1], "zoe"].flatMap { user in
      [user] + ["emails", "notes", "phones"].flatMap { collection in sorted.map { "\(user) \(collection) \($0)" } }
    }
    #expect(exported == expected)
    #expect(try Set(store.content().map(\.line)) == Set(lines.map(\.line)))
    store.close()
  }

  /// Puts an item as somebody.
  private struct PutAs: ItemOperation {
    let item: StoredItem
    let actor: String
    var key: ItemKey { item.key }

    func change(_ state: ItemState) -> ItemChange {
      .put(
        item,
        Change(
          time: Sample.time, kind: .created, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
          properties: ["number"], versionBefore: nil, versionAfter: item.version, actingUser: Sample.userID(actor),
          actingApplication: nil))
    }
  }

  @Test("An export of a person has them, and the rows of the audit log that are about them or tell what they did")
  func person() async throws {
    let store = try SQLiteStore.temporary()
    let people = ["ann", Self.guids[0], Self.guids[1]].map { Sample.person($0) }
    try store.load(people.map { .user($0) })
    for owner in people {
      for actor in people {
        let item = Sample.phone("by-\(actor.id.text)", of: owner)
        let result = await withCheckedContinuation { continuation in
          store.submit(.item(PutAs(item: item, actor: actor.id.text)) { continuation.resume(returning: $0) })
        }
        guard case .success(.written) = result else {
          Issue.record("\(result)")
          return
        }
      }
    }
    for (index, user) in people.enumerated() {
      var lines: [ImportLine] = []
      var changes: [Change] = []
      try store.export(user.id, in: .demo, lines: { lines.append($0) }, changes: { changes.append($0.change) })
      let ids = people.map(\.id.text).sorted()
      #expect(lines.count == 4)
      #expect(
        lines.dropFirst().map { if case .item(let item) = $0 { item.key.id.text } else { "" } }
          == ids.map { "by-\($0)" })
      // Their own log, in its order, then what they did to others.
      let own = try store.changes(of: user.id, in: .demo)
      #expect(own.count == 4 && own.map(\.item?.text) == [nil] + people.map { "by-\($0.id.text)" })
      #expect(Array(changes.prefix(4)) == own)
      let others = ids.filter { $0 != people[index].id.text }
      #expect(changes.dropFirst(4).map(\.user.text) == others)
      #expect(changes.dropFirst(4).allSatisfy { $0.actingUser == user.id })
      var nothing = 0
      try store.export(
        user.id, in: .personalAccounts, lines: { _ in nothing += 1 }, changes: { _ in nothing += 1 })
      #expect(nothing == 0)
    }
    let removal = await withCheckedContinuation { continuation in
      store.submit(.person(RemovePerson(user: people[1].id)) { continuation.resume(returning: $0) })
    }
    #expect(try removal.get() == .removed)
    var (lines, changes) = (0, 0)
    try store.export(people[1].id, in: .demo, lines: { _ in lines += 1 }, changes: { _ in changes += 1 })
    #expect(lines == 0 && changes == 4 + 4 + 2)
    store.close()
  }
}
