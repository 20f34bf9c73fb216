import OData

/// Sets or removes the manager of a person.
struct SetReportingLine: PersonOperation {
  let user: UserID
  /// nil removes the manager.
  let manager: UserID?
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, .none)
    return try PersonChange.unchanged(person).settingManager(manager, of: user, stamp)
  }
}

extension PersonChange {
  /// The change, and that of the manager of the person. Throws `managerCircle` when they are the same.
  func settingManager(
    _ manager: UserID?, of user: UserID, _ stamp: WriteStamp
  ) throws(ProfileError) -> PersonChange {
    guard manager != user else { throw .managerCircle }
    let log: @Sendable (Change.Kind, UserID) -> Change = { kind, manager in stamp.manager(kind, manager, of: user) }
    return .setManager(manager, in: stamp.caller.tenant, log: log, after: self)
  }
}
