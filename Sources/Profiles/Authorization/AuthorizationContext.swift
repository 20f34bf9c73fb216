public import OData

/// The authorization context of a store read: who reads, so that the store finds their relation to the owner in the
/// snapshot that it reads from. An item that was written after a reader lost access is then never visible to them.
public struct AuthorizationContext: Sendable {
  /// nil for the store's own purposes, to which everything is visible.
  private let caller: Caller?
  /// Whether the tenant's policy is needed even for the owner, as it is for some writes.
  public let needsPolicy: Bool
  /// Whether everything is visible, whoever the caller is.
  private let seesAll: Bool

  /// Sees everything and needs no relation.
  public static let everything = AuthorizationContext(of: nil)

  /// The context of a caller; nil sees everything. With `needsPolicy`, the store always gives the tenant's policy. With
  /// `seesAll`, it gives what is not visible to the caller as well, for a write whose answer does not depend on it.
  public init(of caller: Caller?, needsPolicy: Bool = false, seesAll: Bool = false) {
    self.caller = caller
    self.needsPolicy = needsPolicy
    self.seesAll = seesAll
  }

  /// The tenant of the caller; nil for the store's own purposes.
  public var tenant: TenantID? { caller?.tenant }

  /// The account of the caller, which may be disabled; nil for an application, and for the store's own purposes.
  public var account: TenantUser? {
    guard let caller, let user = caller.userID else { return nil }
    return TenantUser(user: user, tenant: caller.tenant)
  }

  /// The person to look up in the lists and groups of `owner`; nil when nobody needs to be.
  public func viewer(of owner: UserID) -> TenantUser? {
    guard !seesAll, let caller, let user = caller.userID, user != owner else { return nil }
    return TenantUser(user: user, tenant: caller.tenant)
  }

  /// Whether the store has to find the relation to the person `id`.
  public func needsOwnerRelation(to id: UserID) -> Bool { needsPolicy || viewer(of: id) != nil }

  /// The audiences that make an item in a collection of the person `id` visible, any one of them; nil when every item
  /// is visible.
  public func audiences(of id: UserID, _ owner: ItemOwner, in collection: String) -> Audience? {
    guard let caller, !seesAll else { return nil }
    return AccessDecision(of: caller, to: id, owner).decidingAudiences(in: collection)
  }

  /// The same for each of several collections, in their order.
  public func audiences(of id: UserID, _ owner: ItemOwner, in collections: [NavigationProperty]) -> [Audience?] {
    guard let caller, !seesAll else { return Array(repeating: nil, count: collections.count) }
    let decision = AccessDecision(of: caller, to: id, owner)
    return collections.map { decision.decidingAudiences(in: $0.name) }
  }
}
