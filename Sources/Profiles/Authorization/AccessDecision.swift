/// How a caller stands to the person whose items are asked for.
struct AccessDecision: Sendable {
  let isOwner: Bool
  /// An application with a permission for the whole of the owner's tenant.
  let isApplicationOfTenant: Bool
  /// The audiences that the caller belongs to.
  let audiences: Audience
  /// The policy of the person's tenant, whose masks limit the audiences.
  private let policy: TenantPolicy?

  /// The relation of `caller` to the person `owner`, of whom `facts` are known.
  init(of caller: Caller, to owner: UserID, _ facts: ItemOwner) {
    let isSameTenant = caller.tenant == facts.tenant
    isOwner = isSameTenant && caller.userID == owner
    isApplicationOfTenant = caller.actor == .application && isSameTenant && !caller.isPersonalAccount
    policy = facts.relation?.policy
    switch caller.actor {
    case .application: audiences = []
    // The same id in another tenant is somebody else, whose permissions were judged as the owner's: they see nothing.
    case .user(owner): audiences = isSameTenant ? [.everyone] : []
    case .user where isSameTenant && !caller.isPersonalAccount:
      audiences = Self.withinTenant(facts.relation)
    case .user:
      audiences = facts.relation?.isFederated == true && !isSameTenant ? .beyondTenant : [.everyone]
    }
  }

  private static func withinTenant(_ relation: OwnerRelation?) -> Audience {
    var audiences: Audience = [.organization, .everyone]
    guard let relation else { return audiences }
    audiences.formUnion(relation.listed.intersection([.family, .contacts]))
    if relation.sharesGroup { audiences.insert(.groupMembers) }
    return audiences
  }

  /// Whether somebody of this tenant is known to the caller even when none of their items is visible.
  var seesPerson: Bool { isOwner || isApplicationOfTenant || audiences.contains(.organization) }

  /// Whether permissions may reach this person's items at all: nobody writes across tenants, whatever is visible.
  var mayWrite: Bool { seesPerson }

  /// The audiences of which an item of a collection must have one to be seen; nil when the caller sees every item.
  func decidingAudiences(in collection: String) -> Audience? {
    guard !isOwner, !isApplicationOfTenant else { return nil }
    return audiences.intersection(policy?.mask(of: collection) ?? .all)
  }
}
