import OData

/// Deletes a person with everything that they hold.
struct DeleteUser: PersonOperation {
  let user: UserID
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, preconditions)
    return .remove(stamp.change(.deleted, of: user, from: person.version, to: nil)) { [stamp] key, version in
      stamp.change(.deleted, of: key, properties: [], from: version, to: nil)
    }
  }
}
