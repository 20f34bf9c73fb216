import OData

/// Sets or removes the manager of a person.
struct SetReportingLine: PersonOperation {
  let user: UserID
  /// nil removes the manager.
  let manager: UserID?
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, .none)
    guard manager != user else { throw .managerCircle }
    return .setManager(of: person, to: manager) { [stamp, user] kind, manager in
      stamp.manager(kind, manager, of: user)
    }
  }
}
