/// How a caller stands to the person whose items are asked for.
struct Relation: Sendable {
  let isOwner: Bool
  /// An application with a permission for the whole of the owner's tenant.
  let isApplicationOfTenant: Bool
  /// The audiences that the caller belongs to.
  let audiences: Audience

  /// The relation of `caller` to a person of `tenant`.
  init(of caller: Caller, to owner: UserID, in tenant: TenantID) {
    let isSameTenant = caller.tenant == tenant
    isOwner = isSameTenant && caller.userID == owner
    isApplicationOfTenant = caller.actor == .application && isSameTenant && !caller.isPersonalAccount
    switch (caller.actor, isSameTenant && !caller.isPersonalAccount) {
    case (.application, _): audiences = []
    // The same id in another tenant is somebody else, whose permissions were judged as the owner's: they see nothing.
    case (.user(owner), false): audiences = []
    case (.user, true): audiences = [.organization, .everyone]
    case (.user, false): audiences = [.everyone]
    }
  }

  /// Whether somebody of this tenant is known to the caller even when none of their items is visible.
  var knowsPerson: Bool { isOwner || isApplicationOfTenant || audiences.contains(.organization) }

  /// Whether permissions may reach this person's items at all: nobody writes across tenants, whatever is visible.
  var mayWrite: Bool { knowsPerson }
}
