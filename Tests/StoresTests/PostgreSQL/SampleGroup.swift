import OData
import Profiles
import Testing

@testable import Stores

/// Writes of groups, and reads by their members.
struct SampleGroup: GroupOperation {
  let group: GroupID
  var people: [UserID] = []
  let decide: @Sendable (GroupState) throws(ProfileError) -> GroupChange

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    guard state.group != nil else { throw .groupNotFound }
    return try decide(state)
  }

  /// Makes a person a member.
  static func add(_ user: UserID, to group: GroupID) -> Self {
    Self(group: group, people: [user]) { _ in .add([row(.created, user, group)]) }
  }

  /// Ends a membership.
  static func remove(_ user: UserID, from group: GroupID) -> Self {
    Self(group: group, people: [user]) { state throws(ProfileError) in
      guard state.members.contains(user) else { throw .userNotFound }
      return .removeMember(row(.deleted, user, group))
    }
  }

  /// Deletes the group.
  static func delete(_ group: GroupID) -> Self { Self(group: group) { _ in .remove { row(.deleted, $0, group) } } }

  private static func row(_ kind: Change.Kind, _ user: UserID, _ group: GroupID) -> Change {
    Change(
      time: Sample.time, kind: kind, user: user, tenant: .demo, collection: Change.memberships,
      item: ItemID(group.text), properties: [], versionBefore: nil, versionAfter: nil, actingUser: nil,
      actingApplication: nil)
  }
}

extension Sample {
  /// The line of a group.
  static func group(_ id: GroupID) -> ImportLine {
    .group(
      StoredGroup(
        id: id, tenant: .demo, version: .first, json: Array(#"{"id":"\#(id.text)","displayName":"G"}"#.utf8)))
  }

  static func groupID(_ text: String) -> GroupID {
    guard let id = GroupID(text) else { preconditionFailure("A test uses a bad id.") }
    return id
  }

  /// A phone that those see who share a group with its owner.
  static func groupPhone(of user: UserID, version: Version = .first) -> StoredItem {
    let phone = Sample.phone("for-groups", of: Sample.person(user.text))
    let json = String(decoding: phone.json, as: UTF8.self).replacing(#""organization""#, with: #""groupMembers""#)
    return StoredItem(
      key: phone.key, version: version, audience: .groupMembers, created: phone.created, json: Array(json.utf8),
      collapsible: nil)
  }
}

extension PostgreSQLStore {
  /// Imports lines.
  func load(_ lines: [ImportLine]) throws {
    var rest = lines[...]
    _ = try importLines(at: Sample.time) { rest.popFirst() }
  }

  /// Writes a group and waits for the answer.
  func write(_ operation: SampleGroup) async -> Result<GroupOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      submit(.group(operation) { continuation.resume(returning: $0) })
    }
  }

  /// Writes an item and waits for the answer.
  func put(_ item: StoredItem) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      submit(.item(Put(item: item)) { continuation.resume(returning: $0) })
    }
  }

  /// Reads with a new reader.
  func ask<Answer: Sendable>(
    _ read: (any ProfileReader, @escaping (Result<Answer, StoreError>) -> Void) -> Void
  ) async throws -> Answer {
    let reader = try makeReader { $0() }
    return try await withCheckedContinuation { continuation in
      read(reader) { continuation.resume(returning: $0) }
    }.get()
  }

  /// Whether one person sees the phone of another that is for their groups.
  func sees(_ viewer: UserID, _ owner: UserID) async throws -> Bool {
    let caller = Caller(actor: .user(viewer), tenant: .demo, permissions: Set(Permission.allCases))
    let item = try await ask { reader, then in
      reader.item(Sample.groupPhone(of: owner).key, for: AuthorizationContext(of: caller), then)
    }
    let count = try await ask { reader, then in
      reader.count(of: owner, in: "phones", for: AuthorizationContext(of: caller), expecting: .unknown, then)
    }
    #expect((item != nil) == (count == 1))
    return item != nil
  }

  /// The members of a group, as a list gives them in pages of this many.
  func members(of group: GroupID, pages: Int = 10) async throws -> [String] {
    var ids: [String] = []
    while true {
      let page = try await ask { reader, then in
        reader.members(of: group, after: ids.last, limit: pages, then)
      }
      #expect(page.isLast || !page.elements.isEmpty)
      ids += page.elements.map(\.id.text)
      guard !page.isLast, !page.elements.isEmpty else { return ids }
    }
  }
}
