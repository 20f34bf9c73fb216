import Dispatch
import OData
import Profiles
import Synchronization

/// Puts a phone, whatever is there, and leaves its name in the audit log.
struct NamedPut: ItemOperation {
  let key: ItemKey
  let name: String
  let number: String

  init(_ key: ItemKey, _ name: String, _ number: String) {
    self.key = key
    self.name = name
    self.number = number
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard state.owner != nil else { throw .userNotFound }
    let version = state.item?.version.next ?? .first
    return .put(
      FaultHistory.phone(key, version, number),
      Change(
        time: FaultHistory.time, kind: state.item == nil ? .created : .updated, user: key.user, tenant: .demo,
        collection: key.collection, item: key.id, properties: [name], versionBefore: state.item?.version,
        versionAfter: version, actingUser: nil, actingApplication: nil))
  }
}

/// Adds somebody who is not there.
struct NamedPerson: PersonOperation {
  let person: StoredUser
  let name: String
  var user: UserID { person.id }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard state.person == nil else { throw .principalNameTaken }
    return .put(
      person,
      Change(
        time: FaultHistory.time, kind: .created, user: user, tenant: .demo, collection: nil, item: nil,
        properties: [name], versionBefore: nil, versionAfter: .first, actingUser: nil, actingApplication: nil))
  }
}

/// Takes somebody away, with all they hold.
struct NamedLeaving: PersonOperation {
  let user: UserID
  let name: String

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let person = state.person else { throw .userNotFound }
    let change = Change(
      time: FaultHistory.time, kind: .deleted, user: user, tenant: .demo, collection: nil, item: nil,
      properties: [name],
      versionBefore: person.version, versionAfter: nil, actingUser: nil, actingApplication: nil)
    return .remove(change) { key, version in
      Change(
        time: FaultHistory.time, kind: .deleted, user: key.user, tenant: .demo, collection: key.collection,
        item: key.id,
        properties: [], versionBefore: version, versionAfter: nil, actingUser: nil, actingApplication: nil)
    }
  }
}

/// Answers that come on other threads.
final class Gathered<Value: Sendable>: Sendable {
  private let values: Mutex<[Int: Value]>
  private let submitted = Atomic(false)
  private let arrived = DispatchSemaphore(value: 0)
  private let count: Int

  init(_ count: Int) {
    self.count = count
    values = Mutex([:])
  }

  /// Whether anything was asked.
  var hasBegun: Bool { submitted.load(ordering: .relaxed) }

  /// Something is asked now.
  func begin() { submitted.store(true, ordering: .relaxed) }

  /// Takes the answer of a place; called once for each.
  func set(_ place: Int, _ value: Value) {
    values.withLock { $0[place] = value }
    arrived.signal()
  }

  /// Waits for all of them.
  func wait() -> [Value] {
    for _ in 0..<count { arrived.wait() }
    return values.withLock { values in (0..<count).compactMap { values[$0] } }
  }
}

extension Version {
  /// Where tests begin to count: operations decide versions, and those of tests count them.
  static let first = Version(number: 1)
  /// The next that tests count.
  var next: Version { Version(number: number + 1) }
}
