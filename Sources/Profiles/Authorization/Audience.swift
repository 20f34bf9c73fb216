/// Who may see an item: the flags of Graph's enumeration `allowedAudiences`, with its numbers. No flag includes another
/// one.
public struct Audience: OptionSet, Hashable, Sendable {
  /// The number that is stored and that filters compare.
  public let rawValue: Int64
  /// The audience with these bits set.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Nobody but the owner.
  public static let me: Audience = []
  /// People whom the owner lists as family.
  public static let family = Audience(rawValue: 1)
  /// People whom the owner lists as a contact.
  public static let contacts = Audience(rawValue: 2)
  /// People who share a group with the owner.
  public static let groupMembers = Audience(rawValue: 4)
  /// People of the owner's tenant.
  public static let organization = Audience(rawValue: 8)
  /// People of the tenants that the owner's tenant has federated with.
  public static let federatedOrganizations = Audience(rawValue: 16)
  /// Every signed-in person, of any tenant.
  public static let everyone = Audience(rawValue: 32)
  /// Every member.
  public static let all = Audience(rawValue: 63)
  /// The members that reach people of other tenants.
  public static let beyondTenant: Audience = [.federatedOrganizations, .everyone]

  /// The members by name, in the order of their numbers.
  private static let names: [(name: String, flag: Audience)] = [
    ("family", .family), ("contacts", .contacts), ("groupMembers", .groupMembers), ("organization", .organization),
    ("federatedOrganizations", .federatedOrganizations), ("everyone", .everyone),
  ]

  /// Every member alone, in the order of their numbers.
  public static let flags = names.map(\.flag)

  /// The members joined by commas, or `me` for none of them, as values of `allowedAudiences` are written.
  public var text: String {
    isEmpty ? "me" : Self.names.filter { contains($0.flag) }.map(\.name).joined(separator: ",")
  }

  /// Reads names joined by commas, in any case; `all` stands for every member. nil when another name occurs.
  public init?(named text: String) {
    var audience = Audience.me
    for part in text.split(separator: ",") {
      let name = part.filter { $0 != " " }.lowercased()
      if let known = Self.names.first(where: { $0.name.lowercased() == name }) {
        audience.formUnion(known.flag)
      } else if name == "all" {
        audience.formUnion(.all)
      } else if name != "me" {
        return nil
      }
    }
    self = audience
  }
}
