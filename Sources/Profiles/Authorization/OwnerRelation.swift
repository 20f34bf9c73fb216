/// The facts that connect a requester and the owner of what they ask for, as a store finds them at the moment of a read
/// or write. A class, because it passes from the store to every decision, and the parts of the policy would be counted
/// one by one.
public final class OwnerRelation: Equatable, Sendable {
  /// The policy of the owner's tenant.
  public let policy: TenantPolicy
  /// Whether the owner's tenant has federated with the requester's.
  public let isFederated: Bool
  /// Whether both are members of a common group.
  public let sharesGroup: Bool
  /// How the owner has listed the requester: as family, as a contact, both or neither.
  public let listed: Audience

  /// A relation from what a store found. Where there is no requester to look up, only the policy is given.
  public init(policy: TenantPolicy, isFederated: Bool = false, sharesGroup: Bool = false, listed: Audience = .me) {
    self.policy = policy
    self.isFederated = isFederated
    self.sharesGroup = sharesGroup
    self.listed = listed
  }

  public static func == (left: OwnerRelation, right: OwnerRelation) -> Bool {
    left === right
      || (left.policy == right.policy && left.isFederated == right.isFederated
        && left.sharesGroup == right.sharesGroup && left.listed == right.listed)
  }
}

/// What must be known of a person to decide about what they hold.
public struct ItemOwner: Equatable, Sendable {
  /// The person's tenant.
  public let tenant: TenantID
  /// The person's display name, for stamps.
  public let displayName: String?
  /// The relation of the requester to the person; nil when it was not asked for.
  public let relation: OwnerRelation?

  /// An owner from what a store found.
  public init(tenant: TenantID, displayName: String?, relation: OwnerRelation? = nil) {
    self.tenant = tenant
    self.displayName = displayName
    self.relation = relation
  }

  /// Stands in for a person who does not exist: what is decided of them takes as long as of a stranger, and is not used.
  public static let nobody = ItemOwner(
    tenant: .personalAccounts, displayName: nil, relation: OwnerRelation(policy: TenantPolicy()))
}

/// A person in a tenant: an id that is given out again in another tenant is somebody else's.
public struct TenantUser: Hashable, Sendable {
  /// The person's id.
  public let user: UserID
  /// The person's tenant.
  public let tenant: TenantID

  /// The person `user` of a tenant.
  public init(user: UserID, tenant: TenantID) {
    self.user = user
    self.tenant = tenant
  }
}
