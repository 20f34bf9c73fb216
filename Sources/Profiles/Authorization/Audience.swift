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
  /// Every member.
  public static let all = Audience(rawValue: 63)
  /// The members that reach people of other tenants.
  public static let beyondTenant: Audience = [.federatedOrganizations, .everyone]

  /// The members by name, in the order of their numbers.
  private static let names: [(name: String, flag: Audience)] = [
    ("family", .family), ("contacts", .contacts), ("groupMembers", .groupMembers), ("organization", .organization),
    ("federatedOrganizations", .federatedOrganizations), ("everyone", .everyone),
  ]

  /// The members joined by commas, `me` for none of them, as the type `allowedAudiences` is written.
  public var text: String {
    isEmpty ? "me" : Self.names.filter { contains($0.flag) }.map(\.name).joined(separator: ",")
  }

  /// Reads names joined by commas, in any case; `all` stands for every member. nil when there is another name.
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
