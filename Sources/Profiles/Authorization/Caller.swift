/// Who makes a request, as a verified token says. A class, because every step of a request passes it on and nothing
/// changes it.
public final class Caller: Hashable, Sendable {
  /// A person through an application (delegated access), or an application without a user (app-only access).
  public enum Actor: Hashable, Sendable {
    /// A person, through the application that the token names.
    case user(UserID)
    /// An application without a user.
    case application
  }

  /// The person or application.
  public let actor: Actor
  /// The tenant that the person or application signed in to.
  public let tenant: TenantID
  /// The application's id; nil when the token names none.
  public let applicationID: String?
  /// The application's display name, when the token says it.
  public let applicationName: String?
  /// The person's display name, when the token says it.
  public let displayName: String?
  /// The person's principal name, when the token says it.
  public let userPrincipalName: String?
  /// The permissions that the token grants.
  public let permissions: Set<Permission>
  /// Whether the person may act for others where the tenant's policy asks for an administrator.
  public let isAdministrator: Bool
  /// Whether the account belongs to a person rather than to an organisation.
  public let isPersonalAccount: Bool

  /// A caller from the claims of a token.
  public init(
    actor: Actor, tenant: TenantID, applicationID: String? = nil, applicationName: String? = nil,
    displayName: String? = nil, userPrincipalName: String? = nil, permissions: Set<Permission>,
    isAdministrator: Bool = false
  ) {
    self.actor = actor
    self.tenant = tenant
    self.applicationID = applicationID
    self.applicationName = applicationName
    self.displayName = displayName
    self.userPrincipalName = userPrincipalName
    self.permissions = permissions
    self.isAdministrator = isAdministrator
    isPersonalAccount = tenant == .personalAccounts
  }

  /// The person, or nil for an application on its own.
  public var userID: UserID? {
    if case .user(let id) = actor { id } else { nil }
  }

  /// The same caller, as an administrator.
  var asAdministrator: Caller {
    Caller(
      actor: actor, tenant: tenant, applicationID: applicationID, applicationName: applicationName,
      displayName: displayName, userPrincipalName: userPrincipalName, permissions: permissions, isAdministrator: true)
  }

  public static func == (left: Caller, right: Caller) -> Bool {
    left === right
      || (left.actor == right.actor && left.tenant == right.tenant && left.applicationID == right.applicationID
        && left.applicationName == right.applicationName && left.displayName == right.displayName
        && left.userPrincipalName == right.userPrincipalName && left.permissions == right.permissions
        && left.isAdministrator == right.isAdministrator)
  }

  /// Hashes the parts in which most callers differ.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(actor)
    hasher.combine(tenant)
    hasher.combine(applicationID)
    hasher.combine(permissions)
  }
}
