import OData
import Profiles

/// An operation on a group.
struct ProbeGroupOperation: GroupOperation {
  let group: GroupID
  var people: [UserID] = []
  var needsPhoto = false
  let decide: @Sendable (GroupState) throws(ProfileError) -> GroupChange

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange { try decide(state) }

  /// Puts the group, with these people as members.
  static func put(_ group: StoredGroup, adding people: [UserID] = []) -> Self {
    Self(group: group.id, people: people) { state in
      .put(
        group,
        adding: people.filter { !state.members.contains($0) }.map { Probe.membership(.created, of: $0, in: group.id) })
    }
  }

  /// Adds a member, who must exist and not be one yet.
  static func add(_ user: UserID, to group: GroupID) -> Self {
    Self(group: group, people: [user]) { state throws(ProfileError) in
      guard state.group != nil else { throw .groupNotFound }
      guard state.people[user] != nil else { throw .userNotFound }
      guard !state.members.contains(user) else { throw .alreadyMember }
      return .add([Probe.membership(.created, of: user, in: group)])
    }
  }

  /// Removes a member.
  static func remove(_ user: UserID, from group: GroupID) -> Self {
    Self(group: group, people: [user]) { state throws(ProfileError) in
      guard state.members.contains(user) else { throw .userNotFound }
      return .removeMember(Probe.membership(.deleted, of: user, in: group))
    }
  }

  /// Sets the photo of the group, which must exist.
  static func put(_ photo: StoredGroupPhoto) -> Self {
    Self(group: photo.group, needsPhoto: true) { state throws(ProfileError) in
      guard state.group != nil else { throw .groupNotFound }
      return .putPhoto(photo)
    }
  }

  /// Deletes the photo of the group, which must have the version.
  static func deletePhoto(of group: GroupID, ifMatch version: Version) -> Self {
    Self(group: group, needsPhoto: true) { state throws(ProfileError) in
      guard state.photo?.version == version else { throw .photoNotFound }
      return .removePhoto
    }
  }

  /// Deletes the group.
  static func delete(_ group: GroupID) -> Self {
    Self(group: group) { state throws(ProfileError) in
      guard state.group != nil else { throw .groupNotFound }
      return .remove { Probe.membership(.deleted, of: $0, in: group) }
    }
  }
}
