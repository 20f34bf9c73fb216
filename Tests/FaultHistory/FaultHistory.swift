import Dispatch
import OData
public import Profiles
public import Stores

/// What a write, or a read, was answered.
public enum FaultAnswer: String, Sendable {
  /// It is saved, or it was read rightly.
  case acknowledged
  /// It is not saved, for certain.
  case refused
  /// It is not known whether it is saved.
  case unknown
  /// The answer says something that is not so, such as that the data is damaged.
  case wrong
}

/// A fixed history of writes and reads, each of which has a name that it leaves in the audit log. It is performed on a
/// store that is made to fail, and afterwards what a sound store finds is compared with what was answered.
public struct FaultHistory: Sendable {
  /// Told of each answer at once; false ends the history.
  public typealias Note = (_ name: String, _ answer: FaultAnswer, _ detail: String) -> Bool

  let ann: StoredUser
  let bob: StoredUser
  let tag: String

  /// A history of people whose ids end in `tag`, so that several fit into one database.
  public init(tag: String = "0") {
    self.tag = tag
    ann = Self.person("ann-\(tag)")
    bob = Self.person("bob-\(tag)")
  }

  static let time = DateTimeOffset(unixSeconds: 1_600_000_000)
  /// How many phones the first person has from the start.
  static let phones = 6

  /// What is there before the first write.
  public var beginning: [ImportLine] {
    [.user(ann)] + (0..<Self.phones).map { .item(Self.phone("phone-\($0)", of: ann, number: "0")) }
  }

  /// Performs the history until it ends or `note` says so. What is there before is brought unless `hasBegun`.
  public func run(on store: any AdministeredStore, hasBegun: Bool = false, note: Note) {
    guard hasBegun || begin(store, note) else { return }
    let steps: [(any AdministeredStore, Note) -> Bool] = [
      creation("c1"), together, large, atomic, read, tenant, passingPerson, many, creation("c1"), read,
    ]
    for step in steps { guard step(store, note) else { return } }
  }

  /// Sends the creation alone, once more.
  func repeatCreation(on store: any AdministeredStore, note: Note) { _ = creation("c1")(store, note) }

  // MARK: Steps

  private func begin(_ store: any AdministeredStore, _ note: Note) -> Bool {
    var rest = beginning[...]
    do {
      _ = try store.importLines(at: Self.time) { rest.popFirst() }
      return note("ann", .acknowledged, "")
    } catch let error as StoreError {
      _ = note("ann", Self.answer(error), "\(error)")
    } catch {
      _ = note("ann", .wrong, "\(error)")
    }
    // Without anybody there is nothing to write to.
    return false
  }

  private func creation(_ name: String) -> (any AdministeredStore, Note) -> Bool {
    { store, note in
      let result = awaited { done in
        store.submit(.createItem(NamedPut(key("created"), name, "1"), receipt, done))
      }
      switch result {
      case .success(.done): return note(name, .acknowledged, "done")
      case .success(.repeated): return note(name, .acknowledged, "repeated")
      case .failure(let error): return note(name, Self.answer(error), "\(error)")
      }
    }
  }

  /// Writes that share a transaction.
  private func together(_ store: any AdministeredStore, _ note: Note) -> Bool {
    let names = (0..<5).map { "g\($0)" }
    let answers = Gathered<Result<ItemOutcome, ProfileError>>(names.count)
    // The writer of SQLite is lent out meanwhile, so that they queue.
    _ = try? store.changeTenant(.demo) { _ in
      answers.begin()
      for (index, name) in names.enumerated() {
        store.submit(.item(NamedPut(key("phone-\(index)"), name, "2")) { answers.set(index, $0) })
      }
    }
    if !answers.hasBegun {
      for (index, name) in names.enumerated() {
        store.submit(.item(NamedPut(key("phone-\(index)"), name, "2")) { answers.set(index, $0) })
      }
    }
    var goesOn = true
    for (name, result) in zip(names, answers.wait()) { goesOn = told(name, result, note) && goesOn }
    return goesOn
  }

  /// More than fits into a page of the database.
  private func large(_ store: any AdministeredStore, _ note: Note) -> Bool {
    put("phone-0", "l1", String(repeating: "7", count: 20_000), store, note)
  }

  private func atomic(_ store: any AdministeredStore, _ note: Note) -> Bool {
    let names = ["a0", "a1", "a2"]
    let operations = names.enumerated().map { NamedPut(key("phone-\($0.offset)"), $0.element, "3") }
    let result = awaited { done in store.submit(.atomic(operations, done)) }
    var goesOn = true
    for name in names {
      switch result {
      case .success(.applied): goesOn = note(name, .acknowledged, "") && goesOn
      case .success(.refused(_, let error)): goesOn = note(name, Self.answer(error), "\(error)") && goesOn
      case .failure(let error): goesOn = note(name, Self.answer(error), "\(error)") && goesOn
      }
    }
    return goesOn
  }

  private func read(_ store: any AdministeredStore, _ note: Note) -> Bool {
    let reader: any ProfileReader
    do throws(StoreError) {
      reader = try store.makeReader { $0() }
    } catch {
      return note("read", Self.answer(error), "\(error)")
    }
    let result: Result<OwnedItem?, StoreError> = awaited { done in
      reader.item(key("phone-5"), for: .everything) { done($0) }
    }
    switch result {
    case .success(let found?): return note("read", found.item.key == key("phone-5") ? .acknowledged : .wrong, "")
    case .success(nil): return note("read", .wrong, "It was not found")
    case .failure(let error): return note("read", Self.answer(error), "\(error)")
    }
  }

  private func tenant(_ store: any AdministeredStore, _ note: Note) -> Bool {
    do {
      try store.changeTenant(.demo) { $0.name = tag }
      return note("tenant", .acknowledged, "")
    } catch let error as StoreError {
      return note("tenant", Self.answer(error), "\(error)")
    } catch {
      return note("tenant", .wrong, "\(error)")
    }
  }

  /// Somebody who comes, holds something, and goes, which empties the log of SQLite.
  private func passingPerson(_ store: any AdministeredStore, _ note: Note) -> Bool {
    let added = awaited { done in store.submit(.person(NamedPerson(person: bob, name: "b1"), done)) }
    guard told("b1", added, note), case .success = added else { return true }
    guard put("phone-0", "e1", "bob's", store, note, of: bob) else { return false }
    return told("d1", awaited { done in store.submit(.person(NamedLeaving(user: bob.id, name: "d1"), done)) }, note)
  }

  private func many(_ store: any AdministeredStore, _ note: Note) -> Bool {
    (0..<12).allSatisfy { put("phone-\($0 % Self.phones)", "w\($0)", "\($0)", store, note) }
  }

  // MARK: Parts of steps

  private func put(
    _ id: String, _ name: String, _ number: String, _ store: any AdministeredStore, _ note: Note,
    of user: StoredUser? = nil
  ) -> Bool {
    let operation = NamedPut(key(id, of: user), name, number)
    return told(name, awaited { done in store.submit(.item(operation, done)) }, note)
  }

  private func told<Outcome>(_ name: String, _ result: Result<Outcome, ProfileError>, _ note: Note) -> Bool {
    switch result {
    case .success: note(name, .acknowledged, "")
    case .failure(let error): note(name, Self.answer(error), "\(error)")
    }
  }

  /// Everybody who is written to is there, so that no other refusal than the store's is right.
  private static func answer(_ error: ProfileError) -> FaultAnswer {
    if case .store(let error) = error { answer(error) } else { .wrong }
  }

  private static func answer(_ error: StoreError) -> FaultAnswer {
    switch error {
    case .unresolved: .unknown
    // Nothing is damaged, what failed was foreseen, and nobody's account is disabled.
    case .damaged, .failed, .accountDisabled: .wrong
    case .readOnly, .diskFull, .unavailable, .overloaded, .closed, .transient: .refused
    }
  }

  private func awaited<Value: Sendable>(_ body: (@escaping @Sendable (Value) -> Void) -> Void) -> Value {
    let answers = Gathered<Value>(1)
    body { answers.set(0, $0) }
    return answers.wait()[0]
  }

  // MARK: Data

  /// The receipt of the creation that is sent twice.
  var receipt: IdempotencyReceipt { IdempotencyReceipt(key: Array("key-\(tag)".utf8), body: [1], time: Self.time) }

  func key(_ id: String, of user: StoredUser? = nil) -> ItemKey {
    guard let item = ItemID(id) else { preconditionFailure("The history has a bad id.") }
    return ItemKey(user: (user ?? ann).id, collection: "phones", id: item)
  }

  private static func person(_ id: String) -> StoredUser {
    guard let user = UserID(id) else { preconditionFailure("The history has a bad id.") }
    let json = #"{"id":"\#(id)","displayName":"Ann","userPrincipalName":"\#(id)@contoso.example"}"#
    return StoredUser(
      id: user, tenant: .demo, principalName: "\(id)@contoso.example", displayName: "Ann", version: .first,
      json: Array(json.utf8))
  }

  static func phone(_ id: String, of user: StoredUser, number: String) -> StoredItem {
    guard let item = ItemID(id) else { preconditionFailure("The history has a bad id.") }
    return phone(ItemKey(user: user.id, collection: "phones", id: item), .first, number)
  }

  static func phone(_ key: ItemKey, _ version: Version, _ number: String) -> StoredItem {
    let json = """
      {"id":"\(key.id.text)","allowedAudiences":"organization","createdDateTime":"\(time)","number":"\(number)"}
      """
    return StoredItem(
      key: key, version: version, audience: .organization, created: time, json: Array(json.utf8), collapsible: nil)
  }
}
