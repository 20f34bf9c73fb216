/// Somebody who looks at what another person holds.
public struct Viewer: Hashable, Sendable {
  public let user: UserID
  public let tenant: TenantID

  /// The person `user` of a tenant.
  public init(user: UserID, tenant: TenantID) {
    self.user = user
    self.tenant = tenant
  }
}

/// How a viewer stands to a person, as a store knows it at the moment of a read.
public struct OwnerRelation: Equatable, Sendable {
  /// The policy of the person's tenant.
  public let policy: TenantPolicy
  /// Whether the person's tenant has federated with the viewer's.
  public let isFederated: Bool
  /// Whether both are members of a common group.
  public let sharesGroup: Bool
  /// As what the person has listed the viewer: family, contacts, both or neither.
  public let listed: Audience

  /// What a store found out; for no viewer in particular everything but the policy is left out.
  public init(policy: TenantPolicy, isFederated: Bool = false, sharesGroup: Bool = false, listed: Audience = .me) {
    self.policy = policy
    self.isFederated = isFederated
    self.sharesGroup = sharesGroup
    self.listed = listed
  }
}

/// What must be known of a person to decide on one of their items.
public struct ItemOwner: Equatable, Sendable {
  public let tenant: TenantID
  public let displayName: String?
  /// nil when it was not asked for.
  public let relation: OwnerRelation?

  /// The owner's tenant and name, and how somebody stands to them.
  public init(tenant: TenantID, displayName: String?, relation: OwnerRelation? = nil) {
    self.tenant = tenant
    self.displayName = displayName
    self.relation = relation
  }
}

/// For whom a store is asked. It finds out how they stand to a person in the same moment in which it reads, so that
/// nobody sees an item that was written after they were shut out.
public struct AuthorizationContext: Sendable {
  /// nil for the store's own purposes, to which everything is visible.
  private let caller: Caller?
  /// Whether the tenant's policy matters even to the owner, as it does for some writes.
  private let needsPolicy: Bool

  /// Sees everything and asks for nothing more.
  public static let everything = AuthorizationContext(of: nil)

  /// The sight of a caller; with `needsPolicy` the tenant's policy is always found out.
  public init(of caller: Caller?, needsPolicy: Bool = false) {
    self.caller = caller
    self.needsPolicy = needsPolicy
  }

  /// Who must be looked up in the lists and groups of `owner`; nil when nobody need be.
  public func viewer(of owner: UserID) -> Viewer? {
    guard let caller, let user = caller.userID, user != owner else { return nil }
    return Viewer(user: user, tenant: caller.tenant)
  }

  /// Whether the standing to `owner` has to be found out.
  public func needsOwnerRelation(to owner: UserID) -> Bool { needsPolicy || viewer(of: owner) != nil }

  /// The audiences of which an item of a collection must have one to be seen; nil when every item is.
  public func audiences(of owner: UserID, _ facts: ItemOwner, in collection: String) -> Audience? {
    guard let caller else { return nil }
    return AccessDecision(of: caller, to: owner, facts).decidingAudiences(in: collection)
  }
}
