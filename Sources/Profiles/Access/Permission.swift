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
  case writeUser
  /// Find out who there is.
  case listUsers
  /// Create and delete people.
  case manageUsers

  /// Whether it is the directory that is asked, whose refusals have a code of their own.
  var isDirectory: Bool {
    switch self {
    case .readProfile, .writeProfile: false
    case .readUser, .writeUser, .listUsers, .manageUsers: true
    }
  }

  /// Permissions of which one must be in the token, least first.
  func sufficient(for caller: Caller, isOwner: Bool) -> [Permission] {
    let ownReads: [Permission] = [.userRead, .userReadWrite]
    let everyRead: [Permission] = [.userReadAll, .userReadWriteAll]
    let isOwn = isOwner && caller.actor != .application
    return switch self {
    case .readProfile: isOwn ? ownReads + everyRead : everyRead
    case .writeProfile, .writeUser: isOwn ? [.userReadWrite, .userReadWriteAll] : [.userReadWriteAll]
    case .readUser: (isOwn ? ownReads : []) + [.userReadBasicAll] + everyRead
    case .listUsers: [.userReadBasicAll] + everyRead
    case .manageUsers: [.userReadWriteAll]
    }
  }

  /// Whether a delegated caller must be an administrator where the policy asks for one.
  private func needsRole(isOwner: Bool) -> Bool {
    switch self {
    case .readProfile, .readUser, .listUsers: false
    case .writeProfile, .writeUser: !isOwner
    case .manageUsers: true
    }
  }

  /// The one decision on permissions: throws unless the token allows this access to this person.
  ///
  /// It looks at the caller and at who is asked for, never at what that person holds, so a refusal tells nothing.
  func authorize(_ caller: Caller, isOwner: Bool, policy: TenantPolicy) throws(ProfileError) {
    let sufficient = sufficient(for: caller, isOwner: isOwner)
    let isConfinedToOwner = caller.isPersonalAccount && (!isOwner || self == .manageUsers)
    guard !isConfinedToOwner, sufficient.contains(where: caller.permissions.contains) else {
      throw .insufficientPermissions(sufficient, isDirectory: isDirectory)
    }
    guard needsRole(isOwner: isOwner), caller.actor != .application else { return }
    guard policy.writersOfOthers == .anyone || caller.isAdministrator else {
      throw .deniedForRole(isDirectory: isDirectory)
    }
  }
}
