/// The permissions that tokens carry: delegated in `scp`, of applications in `roles`.
public enum Permission: String, CaseIterable, Sendable {
  case userRead = "User.Read"
  case userReadWrite = "User.ReadWrite"
  case userReadBasicAll = "User.ReadBasic.All"
  case userReadAll = "User.Read.All"
  case userReadWriteAll = "User.ReadWrite.All"
  case groupReadAll = "Group.Read.All"
  case groupReadWriteAll = "Group.ReadWrite.All"

  /// The permission of this name in any case, as tokens spell it.
  public init?(named name: some StringProtocol) {
    guard let permission = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
      return nil
    }
    self = permission
  }
}

/// What a caller wants to do with a person.
enum Access: Sendable {
  case readProfile
  case writeProfile
  case readUser

  /// Permissions of which one must be in the token, least first.
  func sufficient(for caller: Caller, isOwner: Bool) -> [Permission] {
    switch (caller.actor, self, isOwner) {
    case (.application, .readProfile, _): [.userReadAll, .userReadWriteAll]
    case (.application, .writeProfile, _): [.userReadWriteAll]
    case (.application, .readUser, _): [.userReadBasicAll, .userReadAll, .userReadWriteAll]
    case (.user, .readProfile, true): [.userRead, .userReadWrite, .userReadAll, .userReadWriteAll]
    case (.user, .writeProfile, true): [.userReadWrite, .userReadWriteAll]
    case (.user, .readUser, true): [.userRead, .userReadWrite, .userReadBasicAll, .userReadAll, .userReadWriteAll]
    case (.user, .readProfile, false): [.userReadAll, .userReadWriteAll]
    case (.user, .writeProfile, false): [.userReadWriteAll]
    case (.user, .readUser, false): [.userReadBasicAll, .userReadAll, .userReadWriteAll]
    }
  }

  /// The one decision on permissions: throws unless the token allows this access to this person.
  ///
  /// It looks at the caller and at who is asked for, never at what that person holds, so a refusal tells nothing.
  func authorize(_ caller: Caller, isOwner: Bool, policy: TenantPolicy) throws(ProfileError) {
    let sufficient = sufficient(for: caller, isOwner: isOwner)
    let isConfinedToOwner = caller.isPersonalAccount && !isOwner
    guard !isConfinedToOwner, sufficient.contains(where: caller.permissions.contains) else {
      throw .insufficientPermissions(sufficient, isDirectory: self == .readUser)
    }
    guard self == .writeProfile, !isOwner, case .user = caller.actor else { return }
    guard policy.writersOfOthers == .anyone || caller.isAdministrator else { throw .deniedForRole }
  }
}
