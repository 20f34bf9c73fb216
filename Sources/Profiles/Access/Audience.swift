/// Who may see an item: the flags of `allowedAudiences`. Each flag includes nothing but itself.
public struct Audience: OptionSet, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Nobody but the owner.
  public static let me: Audience = []
  public static let family = Audience(rawValue: 1)
  public static let contacts = Audience(rawValue: 2)
  public static let groupMembers = Audience(rawValue: 4)
  public static let organization = Audience(rawValue: 8)
  public static let federatedOrganizations = Audience(rawValue: 16)
  public static let everyone = Audience(rawValue: 32)
  /// The members that reach people of other tenants.
  public static let beyondTenant: Audience = [.federatedOrganizations, .everyone]
}
