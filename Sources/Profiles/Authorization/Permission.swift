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

/// What a caller wants to do with a person or with groups.
public enum Access: CaseIterable, Sendable {
  case readProfile
  case writeProfile
  /// Read who changed what.
  case readAuditLog
  case readUser
  /// Write of a person what people may write of themselves.
  case writeUser
  /// Write of a person what others rely on: who they are, what they do, and what they sign in by.
  case administerUser
  /// Find out who there is.
  case listUsers
  /// Create and delete people.
  case manageUsers
  /// Find out of which groups a person is a member.
  case readMemberships
  /// Find out which groups there are, and who is in them.
  case readGroups
  /// Create, change and delete groups, and decide who is in them.
  case manageGroups

  /// Whether it is the directory that is asked, whose refusals have a code of their own.
  public var isDirectory: Bool {
    switch self {
    case .readProfile, .writeProfile, .readAuditLog: false
    case .readUser, .writeUser, .administerUser, .listUsers, .manageUsers, .readMemberships, .readGroups, .manageGroups:
      true
    }
  }

  /// Whether a role, the owner or a policy can be asked for beside the permission.
  public var isForSome: Bool {
    switch self {
    case .writeProfile, .writeUser, .administerUser, .manageUsers, .manageGroups, .readAuditLog: true
    case .readProfile, .readUser, .listUsers, .readMemberships, .readGroups: false
    }
  }

  /// Permissions of which one must be in the token, least first; none when no permission would be enough.
  func sufficient(for caller: Caller, isOwner: Bool) -> [Permission] {
    let isApplication = caller.actor == .application
    return sufficient(isApplication ? .application : isOwner ? .own : .others)
  }

  /// For whose sake permissions are asked for.
  public enum Reach: Sendable {
    /// A person for themself.
    case own
    /// A person for somebody else, or for what is nobody's.
    case others
    case application
  }

  /// The permission table, for one reach: permissions of which one is enough, least first.
  public func sufficient(_ reach: Reach) -> [Permission] {
    let own: [Permission] = reach == .own ? [.userRead, .userReadWrite] : []
    let everyRead: [Permission] = [.userReadAll, .userReadWriteAll]
    return switch self {
    case .readProfile: own + everyRead
    case .writeProfile, .writeUser, .administerUser:
      reach == .own ? [.userReadWrite, .userReadWriteAll] : [.userReadWriteAll]
    case .readAuditLog: reach == .others ? [] : own + everyRead
    case .readUser: own + [.userReadBasicAll] + everyRead
    case .listUsers: [.userReadBasicAll] + everyRead
    case .manageUsers: [.userReadWriteAll]
    case .readMemberships: own + [.groupReadAll, .groupReadWriteAll]
    case .readGroups: [.groupReadAll, .groupReadWriteAll]
    case .manageGroups: [.groupReadWriteAll]
    }
  }

  /// Which role a delegated caller needs beside the permission.
  enum Role: Sendable {
    case none
    /// An administrator, where the tenant's policy does not let anyone.
    case administratorByPolicy
    /// An administrator, whatever the policy: who may enrol others in groups could read what they share there, and who may
    /// write what people are known by could become somebody else.
    case administrator
  }

  /// The role that a caller needs for this access.
  func role(for caller: Caller, isOwner: Bool) -> Role {
    guard caller.actor != .application else { return .none }
    return switch self {
    case .readProfile, .readAuditLog, .readUser, .listUsers, .readMemberships, .readGroups: .none
    case .writeProfile: isOwner ? .none : .administratorByPolicy
    case .writeUser: isOwner ? .none : .administrator
    case .administerUser, .manageUsers, .manageGroups: .administrator
    }
  }

  /// The one decision on permissions: throws unless the token allows this access to this person.
  ///
  /// It looks at the caller and at who is asked for, never at what that person holds, so a refusal tells nothing.
  func authorize(_ caller: Caller, isOwner: Bool, policy: TenantPolicy) throws(ProfileError) {
    let sufficient = sufficient(for: caller, isOwner: isOwner)
    let isConfinedToOwner = caller.isPersonalAccount && (!isOwner || self == .manageUsers || self == .manageGroups)
    guard !isConfinedToOwner else { throw .insufficientPermissions([], isDirectory: isDirectory) }
    guard sufficient.contains(where: caller.permissions.contains) else {
      guard !sufficient.isEmpty else { throw .ownersAlone }
      throw .insufficientPermissions(sufficient, isDirectory: isDirectory)
    }
    let isPermitted =
      switch role(for: caller, isOwner: isOwner) {
      case .none: true
      case .administratorByPolicy: policy.writersOfOthers == .anyone || caller.isAdministrator
      case .administrator: caller.isAdministrator
      }
    guard isPermitted else { throw .deniedForRole(isDirectory: isDirectory) }
  }
}
