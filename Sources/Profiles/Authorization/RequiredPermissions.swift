/// What a caller wants to do with a person or with groups, and the permissions and roles that allow it.
public enum RequiredPermissions: CaseIterable, Sendable {
  /// Read the items of a person.
  case readProfile
  /// Write the items of a person.
  case writeProfile
  /// Read who changed what.
  case readAuditLog
  /// List the people who stand near a person.
  case readPeople
  /// Read what an organisation decides about its people.
  case readPeopleSettings
  /// Write what an organisation decides about its people.
  case managePeopleSettings
  /// Read a person's entry in the directory.
  case readUser
  /// Write the properties of a person that people may write of themselves.
  case writeUser
  /// Write the properties of a person that others rely on: who they are, what they do, and what they sign in with.
  case administerUser
  /// List the people of a tenant.
  case listUsers
  /// Create people.
  case manageUsers
  /// Delete people.
  case deleteUsers
  /// List the groups that a person is a member of.
  case readMemberships
  /// List groups and their members.
  case readGroups
  /// Create and change groups, and decide who is a member and who an owner.
  case manageGroups
  /// Decide who is a member of a group.
  case manageMembers
  /// Delete groups.
  case deleteGroups
  /// Read people or groups by their ids, as far as the caller may read either.
  case readObjects
  /// Read the organisation of the tenant.
  case readOrganization
  /// Read the domains of the tenant.
  case readDomains
  /// Read the photo of a person.
  case readPhoto
  /// Set, hide and delete the photo of a person.
  case writePhoto
  /// Read the photo of a group.
  case readGroupPhoto
  /// Set and delete the photo of a group.
  case manageGroupPhoto

  /// Whether the access is to the directory, whose refusals have an error code of their own.
  public var isDirectory: Bool {
    switch self {
    case .readPeople, .readPeopleSettings, .managePeopleSettings: false
    case .readProfile, .writeProfile, .readAuditLog, .readPhoto, .writePhoto: false
    case .readUser, .writeUser, .administerUser, .listUsers, .manageUsers, .deleteUsers, .readMemberships, .readGroups,
      .manageGroups, .manageMembers, .deleteGroups, .readObjects, .readOrganization, .readDomains, .readGroupPhoto,
      .manageGroupPhoto:
      true
    }
  }

  /// Whether the access may take more than a permission: a role, ownership or a policy.
  public var mayRequireRole: Bool {
    switch self {
    case .readPeople: false
    case .readPeopleSettings, .managePeopleSettings: true
    case .writeProfile, .writeUser, .administerUser, .manageUsers, .deleteUsers, .manageGroups, .manageMembers,
      .deleteGroups, .readAuditLog, .writePhoto, .manageGroupPhoto:
      true
    case .readProfile, .readUser, .listUsers, .readMemberships, .readGroups, .readObjects, .readOrganization,
      .readDomains, .readPhoto, .readGroupPhoto:
      false
    }
  }

  /// The permissions of which the token must hold one, least first; none when no permission is enough.
  func sufficient(for caller: Caller, isOwner: Bool) -> [Permission] {
    let isApplication = caller.actor == .application
    return sufficient(isApplication ? .application : isOwner ? .own : .others)
  }

  /// Who asks for an access: a column of the permission table.
  public enum Requester: Sendable {
    /// A person, for what is their own.
    case own
    /// A person, for what is somebody else's or nobody's.
    case others
    /// An application without a user.
    case application
  }

  /// The permission table: the permissions of which one is enough for a requester, least first.
  public func sufficient(_ requester: Requester) -> [Permission] {
    let own: [Permission] = requester == .own ? [.userRead, .userReadWrite] : []
    let ownWrite: [Permission] = requester == .own ? [.userReadWrite] : []
    let everyRead: [Permission] = [.userReadAll, .userReadWriteAll]
    return switch self {
    case .readPeople: (requester == .own ? [.peopleRead] : []) + [.peopleReadAll]
    case .readPeopleSettings: [.peopleSettingsReadAll, .peopleSettingsReadWriteAll]
    case .managePeopleSettings: [.peopleSettingsReadWriteAll]
    // Written out, because arrays of constants cost nothing, and sums of them do, for each request.
    case .readProfile:
      requester == .own
        ? [.userRead, .userReadWrite, .userReadAll, .userReadWriteAll] : [.userReadAll, .userReadWriteAll]
    case .writeProfile: requester == .own ? [.userReadWrite, .userReadWriteAll] : [.userReadWriteAll]
    case .writeUser, .administerUser: ownWrite + [.userReadWriteAll, .directoryReadWriteAll]
    case .readAuditLog: requester == .others ? [] : own + everyRead
    case .readUser: own + [.userReadBasicAll] + Self.wholeUserReads
    case .listUsers: [.userReadBasicAll] + Self.wholeUserReads
    case .manageUsers: [.userReadWriteAll, .directoryReadWriteAll]
    case .deleteUsers: [.userReadWriteAll]
    case .readMemberships: own + Self.groupReads
    case .readGroups: Self.groupReads
    case .manageGroups: [.groupReadWriteAll, .directoryReadWriteAll]
    case .manageMembers: [.groupMemberReadWriteAll, .groupReadWriteAll, .directoryReadWriteAll]
    case .deleteGroups: [.groupReadWriteAll]
    case .readObjects: Permission.leastFirst(own + [.userReadBasicAll] + Self.wholeUserReads + Self.groupReads)
    case .readOrganization: Self.tenantReads(requester, .organizationReadAll)
    case .readDomains: Self.tenantReads(requester, .domainReadAll)
    case .readPhoto: own + [.profilePhotoReadAll, .userReadAll, .profilePhotoReadWriteAll, .userReadWriteAll]
    case .writePhoto: ownWrite + [.profilePhotoReadWriteAll, .userReadWriteAll]
    case .readGroupPhoto: [.profilePhotoReadAll, .groupReadAll, .profilePhotoReadWriteAll, .groupReadWriteAll]
    case .manageGroupPhoto: [.profilePhotoReadWriteAll, .groupReadWriteAll]
    }
  }

  /// The permissions of which each one shows every property of people in the directory.
  static let wholeUserReads: [Permission] = [
    .userReadAll, .directoryReadAll, .userReadWriteAll, .directoryReadWriteAll,
  ]

  /// The permissions of which each one shows groups and who is a member. One that writes reads too.
  private static let groupReads: [Permission] = [
    .groupMemberReadAll, .groupReadAll, .directoryReadAll, .groupMemberReadWriteAll, .groupReadWriteAll,
    .directoryReadWriteAll,
  ]

  /// The permissions of which each one shows a part of what describes the tenant, beside the one for that part alone.
  private static func tenantReads(_ requester: Requester, _ least: Permission) -> [Permission] {
    (requester == .application ? [] : [.userRead, .userReadWrite]) + [least, .directoryReadAll, .directoryReadWriteAll]
  }

  /// The role that a delegated caller needs beside the permission.
  enum Role: Sendable {
    case none
    /// An administrator, unless the tenant's policy lets anyone.
    case administratorByPolicy
    /// An administrator, whatever the policy: whoever enrols people in groups could read what they share there, and
    /// whoever writes what people are known by could become somebody else.
    case administrator
  }

  /// The role that a caller needs for this access.
  func role(for caller: Caller, isOwner: Bool) -> Role {
    guard caller.actor != .application else { return .none }
    return switch self {
    case .readPeople: .none
    case .readPeopleSettings, .managePeopleSettings: .administrator
    case .readProfile, .readAuditLog, .readUser, .listUsers, .readMemberships, .readGroups, .readObjects,
      .readOrganization, .readDomains, .readPhoto, .readGroupPhoto:
      .none
    case .writeProfile: isOwner ? .none : .administratorByPolicy
    // People recognise each other by a photo.
    case .writeUser, .writePhoto: isOwner ? .none : .administrator
    case .administerUser, .manageUsers, .deleteUsers, .manageGroups, .manageMembers, .deleteGroups,
      .manageGroupPhoto:
      .administrator
    }
  }

  /// Whether the access concerns others even where it names the caller.
  private var concernsOthers: Bool {
    switch self {
    case .manageUsers, .deleteUsers, .manageGroups, .manageMembers, .deleteGroups, .manageGroupPhoto,
      .readPeopleSettings, .managePeopleSettings:
      true
    case .readProfile, .writeProfile, .readAuditLog, .readUser, .writeUser, .administerUser, .listUsers,
      .readMemberships, .readGroups, .readObjects, .readOrganization, .readDomains, .readPhoto,
      .writePhoto, .readGroupPhoto, .readPeople:
      false
    }
  }

  /// Decides on permissions and roles. `writersOfOthers` is what the tenant's policy says of them. Throws
  /// `insufficientPermissions`, `ownerOnly` or `deniedForRole` unless the caller may have this access.
  ///
  /// It looks at the caller and at who is asked for, never at what that person holds, so that a refusal reveals
  /// nothing.
  func authorize(
    _ caller: Caller, isOwner: Bool, writersOfOthers: TenantPolicy.WritePolicy?
  ) throws(ProfileError) {
    let sufficient = sufficient(for: caller, isOwner: isOwner)
    let isConfinedToOwner = caller.isPersonalAccount && (!isOwner || concernsOthers)
    guard !isConfinedToOwner else { throw .insufficientPermissions([], isDirectory: isDirectory) }
    guard sufficient.contains(where: caller.permissions.contains) else {
      guard !sufficient.isEmpty else { throw .ownerOnly }
      throw .insufficientPermissions(sufficient, isDirectory: isDirectory)
    }
    let isPermitted =
      switch role(for: caller, isOwner: isOwner) {
      case .none: true
      case .administratorByPolicy: writersOfOthers == .anyone || caller.isAdministrator
      case .administrator: caller.isAdministrator
      }
    guard isPermitted else { throw .deniedForRole(isDirectory: isDirectory) }
  }
}
