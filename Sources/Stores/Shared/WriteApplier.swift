import OData
import Profiles

/// Why one write of a commit group was not applied.
enum WriteFailure<Failure: Error>: Error {
  /// The write was refused, and touched nothing.
  case refused(ProfileError)
  /// The database failed, which spoils the transaction.
  case failed(Failure)
}

/// Applies writes inside an open transaction of any database: runs their operations, checks limits, and appends to the
/// audit log. Belongs to the thread of its tables.
final class WriteApplier<Tables: WriteTables> {
  typealias WriteFailure = Stores.WriteFailure<Tables.Failure>

  /// An answer that waits for the commit.
  typealias Answer = () -> Void

  let tables: Tables
  /// Whether values were deleted that must be erased from the disk with the commit.
  private(set) var hasErased = false

  /// Applies the writes of one transaction.
  init(_ tables: Tables) { self.tables = tables }

  /// Applies one write inside the open transaction, and returns its answer, which may be a refusal. What it throws
  /// spoils the transaction.
  func apply(_ write: StoreWrite) throws(Tables.Failure) -> Answer {
    switch write {
    case .item(let operation, let completion):
      let result = try settled { () throws(WriteFailure) in try apply(operation) }
      return { completion(result) }
    case .person(let operation, let completion):
      let result = try settled { () throws(WriteFailure) in try apply(operation) }
      return { completion(result) }
    case .createItem(let operation, let receipt, let completion):
      let result = try settled { () throws(WriteFailure) in
        try once(receipt, of: operation.key.id.text) { () throws(WriteFailure) in try apply(operation) }
      }
      return { completion(result) }
    case .createPerson(let operation, let receipt, let completion):
      let result = try settled { () throws(WriteFailure) in
        try once(receipt, of: operation.user.text) { () throws(WriteFailure) in try apply(operation) }
      }
      return { completion(result) }
    case .createGroup(let operation, let receipt, let completion):
      let result = try settled { () throws(WriteFailure) in
        try once(receipt, of: operation.group.text) { () throws(WriteFailure) in try apply(operation) }
      }
      return { completion(result) }
    case .atomic(let operations, let completion):
      let result = try settled { () throws(WriteFailure) in try apply(operations) }
      return { completion(result) }
    case .group(let operation, let completion):
      let result = try settled { () throws(WriteFailure) in try apply(operation) }
      return { completion(result) }
    case .tenant(let operation, let completion):
      let result = try settled { () throws(WriteFailure) in try apply(operation) }
      return { completion(result) }
    case .replaceAll(let lines, let time, let completion):
      let result = try settled { () throws(WriteFailure) in try replaceAll(lines, at: time) }
      return { completion(result) }
    }
  }

  private func settled<Outcome>(
    _ body: () throws(WriteFailure) -> Outcome
  ) throws(Tables.Failure) -> Result<Outcome, ProfileError> {
    do throws(WriteFailure) {
      return .success(try body())
    } catch {
      switch error {
      case .refused(let error): return .failure(error)
      case .failed(let failure): throw failure
      }
    }
  }

  /// Runs a statement, whose failure spoils the transaction.
  func sql<Value>(_ body: () throws(Tables.Failure) -> Value) throws(WriteFailure) -> Value {
    do throws(Tables.Failure) { return try body() } catch { throw .failed(error) }
  }

  // MARK: Receipts and groups

  /// Creates what `receipt` stands for, unless it was created before.
  private func once<Outcome: Sendable>(
    _ receipt: IdempotencyReceipt, of id: String, _ create: () throws(WriteFailure) -> Outcome
  ) throws(WriteFailure) -> IdempotentOutcome<Outcome> {
    if let known = try sql({ () throws(Tables.Failure) in try tables.known(receipt) }) {
      guard known.body == receipt.body else { throw .refused(.idempotencyKeyReused) }
      return .repeated(known.id)
    }
    let outcome = try create()
    try sql { () throws(Tables.Failure) in try tables.keep(receipt, of: id) }
    return .done(outcome)
  }

  private func apply(_ operations: [any ItemOperation]) throws(WriteFailure) -> ChangesetOutcome {
    try sql { () throws(Tables.Failure) in try tables.setSavepoint() }
    var outcomes: [ItemOutcome] = []
    for (index, operation) in operations.enumerated() {
      do throws(WriteFailure) {
        outcomes.append(try apply(operation))
      } catch {
        guard case .refused(let refusal) = error else { throw error }
        try sql { () throws(Tables.Failure) in try tables.undoToSavepoint() }
        return .refused(index: index, refusal)
      }
    }
    try sql { () throws(Tables.Failure) in try tables.releaseSavepoint() }
    return .applied(outcomes)
  }

  // MARK: People

  private func apply(_ operation: any PersonOperation) throws(WriteFailure) -> PersonOutcome {
    let old = try sql { () throws(Tables.Failure) in try tables.user(operation.user) }
    let change: PersonChange
    let relation = try sql { () throws(Tables.Failure) in
      try operation.authorization.needsOwnerRelation(to: operation.user)
        ? tables.owner(operation.user, for: operation.authorization)?.relation : nil
    }
    let state = PersonState(person: old, relation: relation)
    do throws(ProfileError) { change = try operation.change(state) } catch { throw .refused(error) }
    return try perform(change, operation, replacing: old)
  }

  private func perform(
    _ change: PersonChange, _ operation: any PersonOperation, replacing old: StoredUser?
  ) throws(WriteFailure) -> PersonOutcome {
    switch change {
    case .unchanged(let user): return .unchanged(user)
    case .put(let user, let change):
      try put(user, change, replacing: old)
      return .written(user)
    case .setManager(let manager, let tenant, let log, let change):
      return try setManager(manager, of: operation.user, in: tenant, log) { () throws(WriteFailure) in
        try perform(change, operation, replacing: old)
      }
    case .remove(let change, let log):
      if let old { try removeOwnerships(of: old, log) }
      try removeItems(of: operation.user, where: { _, _ in true }, log)
      try sql { () throws(Tables.Failure) in try tables.setManager(nil, of: operation.user) }
      try removeMemberships(of: operation.user, log)
      hasErased = true
      try sql { () throws(Tables.Failure) in
        if let old {
          try tables.delete(old)
          if old.isDisabled { try tables.note(old, isDisabled: false) }
        }
        try tables.append(change)
      }
      return .removed
    case .removeItems(let change, let isMeant, let log):
      try removeItems(of: operation.user, where: isMeant, log)
      try sql { () throws(Tables.Failure) in try tables.append(change) }
      return .removed
    }
  }

  /// Sets the manager of a person after `write`, which must come before rows of the audit log of somebody new. Whatever is
  /// refused is refused before anything is written.
  private func setManager(
    _ manager: UserID?, of user: UserID, in tenant: TenantID, _ log: @Sendable (Change.Kind, UserID) -> Change,
    after write: () throws(WriteFailure) -> PersonOutcome
  ) throws(WriteFailure) -> PersonOutcome {
    let old = try sql { () throws(Tables.Failure) in try tables.manager(of: user) }
    guard manager != nil || old != nil else { throw .refused(.managerNotFound) }
    guard manager != old else { return try write() }
    if let manager {
      let refusal = try sql { () throws(Tables.Failure) in
        try tables.refusal(ofManager: manager, of: user, in: tenant)
      }
      if let refusal { throw .refused(refusal) }
    }
    let outcome = try write()
    try sql { () throws(Tables.Failure) in
      try tables.setManager(manager, of: user)
      if let old { try tables.append(log(.deleted, old)) }
      if let manager { try tables.append(log(.created, manager)) }
    }
    return outcome
  }

  private func put(_ user: StoredUser, _ change: Change, replacing old: StoredUser?) throws(WriteFailure) {
    let taken = try sql { () throws(Tables.Failure) in try tables.put(user, replacing: old) }
    switch taken {
    case .principalName: throw .refused(.principalNameTaken)
    case .mail: throw .refused(.mailTaken)
    case nil: try sql { () throws(Tables.Failure) in try tables.append(change) }
    }
  }

  private func removeItems(
    of user: UserID, where isMeant: (String, Audience) -> Bool, _ log: @Sendable (ItemKey, Version) -> Change
  ) throws(WriteFailure) {
    try sql { () throws(Tables.Failure) in
      for (key, version, audience) in try tables.versions(of: user) where isMeant(key.collection, audience) {
        try tables.delete(key)
        try tables.append(log(key, version))
      }
    }
  }

  /// Takes a person out of the owners of groups. Whoever makes somebody an owner locks the chain of that person, as the
  /// deletion does, so that only groups that are found here can name the person. Others may write the links of these.
  private func removeOwnerships(
    of person: StoredUser, _ log: @Sendable (ItemKey, Version) -> Change
  ) throws(WriteFailure) {
    try sql { () throws(Tables.Failure) in
      guard try !tables.links(ofGroupsOwnedBy: person.id, in: person.tenant).isEmpty else { return }
      try tables.lockLinks(of: person.tenant)
      let owned = try tables.links(ofGroupsOwnedBy: person.id, in: person.tenant)
      for (group, linked) in owned.sorted(by: { $0.key.text < $1.key.text }) {
        try tables.put(linked.links.without(person.id), of: group)
        guard let id = ItemID(group.text) else { continue }
        let key = ItemKey(user: person.id, collection: Change.ownerships, id: id)
        try tables.append(log(key, .unwritten).withoutVersions)
      }
    }
  }

  private func removeMemberships(
    of user: UserID, _ log: @Sendable (ItemKey, Version) -> Change
  ) throws(WriteFailure) {
    try sql { () throws(Tables.Failure) in
      for group in try tables.removeMemberships(of: user) {
        guard let id = ItemID(group.text) else { continue }
        let key = ItemKey(user: user, collection: Change.memberships, id: id)
        try tables.append(log(key, .unwritten).withoutVersions)
      }
    }
  }

  // MARK: Groups

  private func apply(_ operation: any GroupOperation) throws(WriteFailure) -> GroupOutcome {
    let state = try sql { () throws(Tables.Failure) in try groupState(for: operation) }
    let change: GroupChange
    do throws(ProfileError) { change = try operation.change(state) } catch { throw .refused(error) }
    return try perform(change, operation, state)
  }

  private func groupState(for operation: any GroupOperation) throws(Tables.Failure) -> GroupState {
    let id = operation.group
    guard let tenant = operation.linkedTenant else {
      return GroupState(
        group: try tables.group(id), people: try tables.tenants(of: operation.people),
        members: try tables.members(among: operation.people, of: id),
        photo: try operation.needsPhoto ? tables.photo(of: id) : nil)
    }
    try tables.lockLinks(of: tenant)
    let links = try tables.links(of: [id])[id]?.links ?? GroupLinks()
    let owners = links.owners.filter { !operation.people.contains($0) }
    return GroupState(
      group: try tables.group(id), people: try tables.tenants(of: operation.people + owners),
      members: try tables.members(among: operation.people, of: id), links: links,
      nested: try GroupNesting(tables: tables, group: id, links: links).states(of: operation.nested),
      photo: try operation.needsPhoto ? tables.photo(of: id) : nil)
  }

  private func perform(
    _ change: GroupChange, _ operation: any GroupOperation, _ state: GroupState
  ) throws(WriteFailure) -> GroupOutcome {
    switch change {
    case .unchanged(let group): return .group(group)
    case .put(let group, let additions):
      try checkRoom(for: additions)
      try sql { () throws(Tables.Failure) in try tables.put(group, replacing: state.group) }
      try add(additions, to: operation.group)
      return .group(group)
    case .add(let additions):
      try checkRoom(for: additions)
      try add(additions, to: operation.group)
    case .removeMember(let change):
      try sql { () throws(Tables.Failure) in
        try tables.remove(change.user, from: operation.group)
        try tables.append(change)
      }
    case .putPhoto(let photo):
      guard photo.group == operation.group else {
        throw .refused(.store(.failed("An operation wrote another group's photo than its own.")))
      }
      try sql { () throws(Tables.Failure) in try tables.put(photo) }
    case .removePhoto:
      try sql { () throws(Tables.Failure) in try tables.deletePhoto(of: operation.group) }
    case .remove(let log):
      try sql { () throws(Tables.Failure) in
        for user in try tables.deleteGroup(operation.group) { try tables.append(log(user)) }
      }
    case .linking(let links, let first):
      let outcome = try first.map { first throws(WriteFailure) in try perform(first, operation, state) }
      try sql { () throws(Tables.Failure) in try link(links, operation.group, state.links) }
      return outcome ?? .done
    }
    return .done
  }

  /// Refuses before anything is written.
  private func checkRoom(for additions: [Change]) throws(WriteFailure) {
    for addition in additions {
      let hasRoom = try sql { () throws(Tables.Failure) in try tables.hasRoom(for: addition.user) }
      guard hasRoom else { throw .refused(.tooManyGroups) }
    }
  }

  private func add(_ additions: [Change], to group: GroupID) throws(WriteFailure) {
    try sql { () throws(Tables.Failure) in
      for addition in additions {
        try tables.add(addition.user, to: group)
        try tables.append(addition)
      }
    }
  }

  // MARK: Tenants

  private func apply(_ operation: any TenantOperation) throws(WriteFailure) -> TenantSettings {
    let old = try sql { () throws(Tables.Failure) in try tables.lockedTenant(operation.tenant) }
    guard let old else { throw .refused(.unknownTenant) }
    let new: TenantSettings
    do throws(ProfileError) { new = try operation.change(old) } catch { throw .refused(error) }
    guard new != old else { return new }
    try sql { () throws(Tables.Failure) in
      try tables.put(new)
      for row in operation.log(from: old, to: new) { try tables.append(row) }
    }
    return new
  }

  // MARK: Everything

  /// Replaces everything by `lines`, or refuses and leaves everything as it is.
  private func replaceAll(_ lines: [ImportLine], at time: DateTimeOffset) throws(WriteFailure) {
    try sql { () throws(Tables.Failure) in
      try tables.setSavepoint()
      try tables.deleteEverything()
    }
    var directory = DirectoryImport(tables: tables, time: time)
    do {
      for line in lines { try directory.add(line) }
    } catch let failure as Tables.Failure {
      throw .failed(failure)
    } catch {
      try sql { () throws(Tables.Failure) in try tables.undoToSavepoint() }
      throw .refused((error as? ImportError) == .unknownPerson ? .userNotFound : .store(.failed("\(error)")))
    }
    try sql { () throws(Tables.Failure) in try tables.releaseSavepoint() }
    hasErased = true
  }
}
