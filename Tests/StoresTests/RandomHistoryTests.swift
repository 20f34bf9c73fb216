import Fixtures
import Foundation
import OData
import Profiles
import Stores
import Testing

/// Random histories: every store does what a model of a few dictionaries says, and all stores end with the same export.
@Suite("Random histories")
struct RandomHistoryTests {
  private static let people = (0..<4).map { "p\($0)" }
  private static let items = (0..<3).map { "i\($0)" }
  private static let groups = ["g0", "g1"]

  private enum Step: Sendable {
    case add(String)
    case take(String)
    case create(String, String)
    case set(String, String, number: Int)
    case remove(String, String)
    case enrol(String, String)
    case leave(String, String)
    /// Several of one person, all or none.
    case together(String, [(item: String, number: Int)])
  }

  /// What is there, as simply as it can be said.
  private struct Model {
    var people: Set<String> = []
    var versions: [String: Int64] = [:]
    var members: Set<String> = []

    /// Whether a step succeeds, and what it changes.
    mutating func succeeds(_ step: Step) -> Bool {
      switch step {
      case .add(let person): return people.insert(person).inserted || true
      case .take(let person):
        guard people.remove(person) != nil else { return false }
        versions = versions.filter { !$0.key.hasPrefix(person + "/") }
        members = members.filter { !$0.hasPrefix(person + "/") }
        return true
      case .create(let person, let item):
        guard people.contains(person), versions["\(person)/\(item)"] == nil else { return false }
        versions["\(person)/\(item)"] = 1
        return true
      case .set(let person, let item, _):
        guard let version = versions["\(person)/\(item)"] else { return false }
        versions["\(person)/\(item)"] = version + 1
        return true
      case .remove(let person, let item): return versions.removeValue(forKey: "\(person)/\(item)") != nil
      case .enrol(let person, let group):
        return people.contains(person) && members.insert("\(person)/\(group)").inserted
      case .leave(let person, let group): return members.remove("\(person)/\(group)") != nil
      case .together(let person, let writes):
        var copy = self
        guard writes.allSatisfy({ copy.succeeds(.set(person, $0.item, number: $0.number)) }) else { return false }
        self = copy
        return true
      }
    }
  }

  private static func steps(_ generator: inout SeededGenerator, count: Int) -> [Step] {
    (0..<count).map { number in
      let (person, item) = (people.randomElement(using: &generator) ?? "", items.randomElement(using: &generator) ?? "")
      let group = groups.randomElement(using: &generator) ?? ""
      switch Int.random(in: 0..<20, using: &generator) {
      case 0...2: return .add(person)
      case 3: return .take(person)
      case 4...7: return .create(person, item)
      case 8...12: return .set(person, item, number: number)
      case 13...14: return .remove(person, item)
      case 15...16: return .enrol(person, group)
      case 17: return .leave(person, group)
      default:
        let writes = (0..<3).map { part in (items.randomElement(using: &generator) ?? "", number * 10 + part) }
        return .together(person, writes)
      }
    }
  }

  @Test("SQLite and PostgreSQL do what a model says, and end alike")
  func histories() async throws {
    var generator = SeededGenerator.replayable("Random histories")
    for _ in 0..<4 {
      let database = try await ThrowawayDatabase()
      let stores: [any AdministeredStore] = [try SQLiteStore.temporary(), try database.store()]
      for store in stores { try await prepare(store) }
      var model = Model()
      for step in Self.steps(&generator, count: 250) {
        let expected = model.succeeds(step)
        for store in stores {
          #expect(await perform(step, on: store) == expected, "\(step) on \(type(of: store))")
        }
      }
      var exports: [[ImportLine]] = []
      for store in stores {
        var lines: [ImportLine] = []
        try store.exportLines { lines.append($0) }
        exports.append(lines)
        #expect(try store.check() == [], "\(type(of: store))")
        let items = lines.compactMap { if case .item(let item) = $0 { item } else { nil } }
        #expect(
          Dictionary(uniqueKeysWithValues: items.map { ("\($0.key.user.text)/\($0.key.id.text)", $0.version.number) })
            == model.versions)
      }
      // Those of groups were drawn by each store.
      #expect(exports[0].map(\.line) == exports[1].map(\.line))
      for person in Self.people {
        let rows = try stores.map { try $0.changes(of: Sample.userID(person), in: .demo) }
        #expect(rows[0] == rows[1])
      }
      for store in stores { store.close() }
      try await database.remove()
    }
  }

  private func prepare(_ store: any AdministeredStore) async throws {
    var lines: ArraySlice<ImportLine> = Self.groups.compactMap { name in
      GroupID(name).map {
        .group(
          StoredGroup(
            id: $0, tenant: .demo, version: .first, json: Array(#"{"id":"\#(name)","displayName":"G"}"#.utf8)))
      }
    }[...]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
  }

  private func perform(_ step: Step, on store: any AdministeredStore) async -> Bool {
    switch step {
    case .add(let person): await result { store.submit(.person(Add(person: Sample.person(person)), $0)) }
    case .take(let person): await result { store.submit(.person(Take(user: Sample.userID(person)), $0)) }
    case .create(let person, let item):
      await result { store.submit(.item(Write(person, item, number: 0, creates: true), $0)) }
    case .set(let person, let item, let number):
      await result { store.submit(.item(Write(person, item, number: number, creates: false), $0)) }
    case .remove(let person, let item): await result { store.submit(.item(Remove(person, item), $0)) }
    case .enrol(let person, let group): await result { store.submit(.group(Membership(person, group, adds: true), $0)) }
    case .leave(let person, let group):
      await result { store.submit(.group(Membership(person, group, adds: false), $0)) }
    case .together(let person, let writes):
      await together(writes.map { Write(person, $0.item, number: $0.number, creates: false) }, store)
    }
  }

  private func result<Outcome>(
    _ submit: (@escaping @Sendable (Result<Outcome, ProfileError>) -> Void) -> Void
  ) async -> Bool {
    await withCheckedContinuation { continuation in
      submit { result in
        if case .success = result {
          continuation.resume(returning: true)
        } else {
          continuation.resume(returning: false)
        }
      }
    }
  }

  private func together(_ operations: [any ItemOperation], _ store: any AdministeredStore) async -> Bool {
    await withCheckedContinuation { continuation in
      store.submit(
        .atomic(operations) { result in
          if case .success(.applied) = result {
            continuation.resume(returning: true)
          } else {
            continuation.resume(returning: false)
          }
        })
    }
  }
}

// MARK: Operations

private func change(
  _ kind: Change.Kind, _ user: UserID, _ collection: String?, _ item: ItemID?, _ before: Version?, _ after: Version?
) -> Change {
  Change(
    time: Sample.time, kind: kind, user: user, tenant: .demo, collection: collection, item: item, properties: [],
    versionBefore: before, versionAfter: after, actingUser: nil, actingApplication: nil)
}

private struct Add: PersonOperation {
  let person: StoredUser
  var user: UserID { person.id }

  func change(_ state: PersonState) -> PersonChange {
    if let existing = state.person { return .unchanged(existing) }
    return .put(person, StoresTests.change(.created, user, nil, nil, nil, .first))
  }
}

private struct Take: PersonOperation {
  let user: UserID

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let person = state.person else { throw .userNotFound }
    return .remove(StoresTests.change(.deleted, user, nil, nil, person.version, nil)) { key, version in
      StoresTests.change(.deleted, key.user, key.collection, key.id, version, nil)
    }
  }
}

private struct Write: ItemOperation {
  let key: ItemKey
  let number: Int
  let creates: Bool

  init(_ person: String, _ item: String, number: Int, creates: Bool) {
    key = Sample.key(item, of: Sample.person(person))
    self.number = number
    self.creates = creates
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard state.owner != nil else { throw .userNotFound }
    guard (state.item == nil) == creates else { throw .itemNotFound }
    let version = state.item?.version.next ?? .first
    let item = Sample.phone(key.id.text, of: Sample.person(key.user.text), number: "\(number)").with(version)
    let kind: Change.Kind = creates ? .created : .updated
    return .put(item, StoresTests.change(kind, key.user, key.collection, key.id, state.item?.version, version))
  }
}

private struct Remove: ItemOperation {
  let key: ItemKey

  init(_ person: String, _ item: String) { key = Sample.key(item, of: Sample.person(person)) }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let item = state.item else { throw .itemNotFound }
    return .remove(StoresTests.change(.deleted, key.user, key.collection, key.id, item.version, nil))
  }
}

private struct Membership: GroupOperation {
  let group: GroupID
  let person: UserID
  let adds: Bool
  var people: [UserID] { [person] }

  init(_ person: String, _ group: String, adds: Bool) {
    guard let id = GroupID(group) else { preconditionFailure("A test uses a bad id.") }
    self.group = id
    self.person = Sample.userID(person)
    self.adds = adds
  }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    guard state.people[person] != nil, state.members.contains(person) != adds else { throw .userNotFound }
    let row = StoresTests.change(
      adds ? .created : .deleted, person, Change.memberships, ItemID(group.text), nil, nil)
    return adds ? .add([row]) : .removeMember(row)
  }
}
