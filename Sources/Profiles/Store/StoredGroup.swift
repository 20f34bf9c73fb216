public import OData

/// A group as a store keeps it.
public struct StoredGroup: Equatable, Sendable {
  public let id: GroupID
  public let tenant: TenantID
  public let version: Version
  /// The group as one JSON object, without annotations.
  public let json: [UInt8]

  /// A group from the parts that a store reads.
  public init(id: GroupID, tenant: TenantID, version: Version, json: [UInt8]) {
    self.id = id
    self.tenant = tenant
    self.version = version
    self.json = json
  }
}

extension StoredGroup {
  /// A group from a value of the declared type.
  init(id: GroupID, tenant: TenantID, version: Version, value: StructuredValue) {
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.group)
    self.init(id: id, tenant: tenant, version: version, json: writer.json.bytes)
  }

  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type.
  public var fault: String? {
    guard let value = StructuredValue(stored: json, of: ProfileModel.group) else {
      return "The JSON is not of the type '\(ProfileModel.group.qualifiedName)'."
    }
    return value.string("id", of: ProfileModel.group) == id.text ? nil : "The id in the JSON is not the key."
  }
}

/// What a store finds before an operation on a group decides.
public struct GroupState: Sendable {
  /// nil when there is no such group.
  public let group: StoredGroup?
  /// The people whom the operation names, as far as they exist: their tenants.
  public let people: [UserID: TenantID]
  /// Those of them who are members.
  public let members: Set<UserID>

  /// What is there now.
  public init(group: StoredGroup?, people: [UserID: TenantID] = [:], members: Set<UserID> = []) {
    self.group = group
    self.people = people
    self.members = members
  }
}

/// What an operation on a group decided.
public enum GroupChange: Sendable {
  /// Nothing is to be written.
  case unchanged(StoredGroup)
  /// The group is to be as given, and the people of these rows of the audit log are to be members. The store refuses with
  /// `tooManyGroups` beyond `Limits.groupsPerPersonMax`.
  case put(StoredGroup, adding: [Change])
  /// The group is to go with its memberships, each of which is recorded by what `log` makes of it.
  case remove(log: @Sendable (UserID) -> Change)
  /// The people of these rows of the audit log are to be members, under the same bound.
  case add([Change])
  /// The person of this row of the audit log is to be a member no more.
  case removeMember(Change)
}

/// A write of one group or of one membership, as a pure function of what is there.
public protocol GroupOperation: Sendable {
  /// The group that is written.
  var group: GroupID { get }
  /// The people of whom it has to be known whether they exist, and whether they are members.
  var people: [UserID] { get }
  /// Decides. It may run more than once, on any thread, does no I/O, and keeps nothing.
  func change(_ state: GroupState) throws(ProfileError) -> GroupChange
}

/// What became of a write of a group.
public enum GroupOutcome: Equatable, Sendable {
  /// The group as it is now.
  case group(StoredGroup)
  /// The group is gone, or a membership was written.
  case done
}
