/// The permissions that tokens carry: delegated ones in the claim `scp`, those of applications in `roles`. The names
/// are Graph's (its page "Microsoft Graph permissions reference").
public enum Permission: String, CaseIterable, Sendable {
  /// Read one's own entry and profile.
  case userRead = "User.Read"
  /// Read and write one's own entry and profile.
  case userReadWrite = "User.ReadWrite"
  /// Read the basic properties of everybody.
  case userReadBasicAll = "User.ReadBasic.All"
  /// Read the entry and profile of everybody.
  case userReadAll = "User.Read.All"
  /// Read groups and their members.
  case groupMemberReadAll = "GroupMember.Read.All"
  /// Read groups and their members.
  case groupReadAll = "Group.Read.All"
  /// Read the organisation of the tenant.
  case organizationReadAll = "Organization.Read.All"
  /// Read the domains of the tenant.
  case domainReadAll = "Domain.Read.All"
  /// Read the directory: people, groups, the organisation and its domains, but nobody's profile.
  case directoryReadAll = "Directory.Read.All"
  /// Read and write the entry and profile of everybody.
  case userReadWriteAll = "User.ReadWrite.All"
  /// Read groups and their members, and write who is a member.
  case groupMemberReadWriteAll = "GroupMember.ReadWrite.All"
  /// Read and write groups and their members.
  case groupReadWriteAll = "Group.ReadWrite.All"
  /// Read the same, and write people and groups, but nobody's profile. It deletes nothing.
  case directoryReadWriteAll = "Directory.ReadWrite.All"

  /// Read the photos of people and groups.
  case profilePhotoReadAll = "ProfilePhoto.Read.All"
  /// Read and write the photos of people and groups.
  case profilePhotoReadWriteAll = "ProfilePhoto.ReadWrite.All"
  /// List the people who stand near oneself.
  case peopleRead = "People.Read"
  /// List the people who stand near anybody.
  case peopleReadAll = "People.Read.All"
  /// Read what the organisation decides about its people.
  case peopleSettingsReadAll = "PeopleSettings.Read.All"
  /// Read and write what the organisation decides about its people.
  case peopleSettingsReadWriteAll = "PeopleSettings.ReadWrite.All"

  /// Hashes the case itself. The default would hash its name, several times for each request.
  public func hash(into hasher: inout Hasher) { withUnsafeBytes(of: self) { hasher.combine(bytes: $0) } }

  /// The permission with this name in any case, as tokens spell it; nil when there is none.
  public init?(named name: some StringProtocol) {
    guard let permission = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
      return nil
    }
    self = permission
  }

  /// Permissions, each once, in the order in which they are declared: the least first.
  static func leastFirst(_ permissions: [Permission]) -> [Permission] { allCases.filter(permissions.contains) }
}
