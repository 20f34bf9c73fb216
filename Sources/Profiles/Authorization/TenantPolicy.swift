public import OData

/// What the organisation of a tenant has decided for its people.
public struct TenantPolicy: Hashable, Sendable {
  /// Who may write items of others, given `User.ReadWrite.All`.
  public enum WritePolicy: String, Hashable, Sendable {
    /// Administrators alone.
    case administrators
    /// Everybody who has the permission.
    case anyone
  }

  /// Stands for every collection that is not named.
  public static let anyCollection = "*"

  /// The audience of an item that is created without one, by the name of the collection.
  public var defaultAudiences: [String: Audience]
  /// The audiences that items may have, by the name of the collection. Other audiences are refused in writes and admit
  /// nobody.
  public var audienceMasks: [String: Audience]
  /// The collections that applications may write; nil for all.
  public var applicationCollections: Set<String>?
  /// Who may write for others; nil where nothing was decided, which means administrators.
  public var writersOfOthers: WritePolicy?
  /// Whether callers are added to the directory on their first call (just-in-time provisioning); nil where nothing was
  /// decided, which means no.
  public var createsUnknownPeople: Bool?
  /// A group whose members are administrators, beside those whose tokens say so.
  public var administrators: GroupID?
  /// The names of the contact properties of people that delegated callers see of themselves alone.
  public var withheldProperties: Set<String>

  /// A policy. The defaults are those of a tenant that has decided nothing.
  public init(
    defaultAudiences: [String: Audience] = [:], audienceMasks: [String: Audience] = [:],
    applicationCollections: Set<String>? = nil, writersOfOthers: WritePolicy? = nil,
    createsUnknownPeople: Bool? = nil, administrators: GroupID? = nil, withheldProperties: Set<String> = []
  ) {
    self.defaultAudiences = defaultAudiences
    self.audienceMasks = audienceMasks
    self.applicationCollections = applicationCollections
    self.writersOfOthers = writersOfOthers
    self.createsUnknownPeople = createsUnknownPeople
    self.administrators = administrators
    self.withheldProperties = withheldProperties
  }

  /// The properties of people that a policy can withhold.
  public static let contactProperties = ProfileModel.user.properties.filter { $0.traits.contains(.contact) }

  /// The policy of the demo's tenant: open, so that a first attempt is not refused.
  public static let demo = TenantPolicy(writersOfOthers: .anyone, createsUnknownPeople: true)

  /// The same policy, with `writersOfOthers` and `createsUnknownPeople` taken from another one where this one has
  /// decided nothing.
  public func completed(by other: TenantPolicy) -> TenantPolicy {
    var policy = self
    policy.writersOfOthers = writersOfOthers ?? other.writersOfOthers
    policy.createsUnknownPeople = createsUnknownPeople ?? other.createsUnknownPeople
    return policy
  }

  /// The audience of an item that is created in a collection without naming one.
  public func defaultAudience(in collection: String) -> Audience {
    let own = defaultAudiences[collection] ?? Self.ownDefaults[collection] ?? defaultAudiences[Self.anyCollection]
    return (own ?? .organization).intersection(mask(of: collection))
  }

  /// The audiences that items of a collection may have.
  public func mask(of collection: String) -> Audience {
    guard !audienceMasks.isEmpty else { return .all }
    return audienceMasks[collection] ?? audienceMasks[Self.anyCollection] ?? .all
  }

  /// Whether applications may write a collection.
  public func letsApplicationsWrite(_ collection: String) -> Bool {
    applicationCollections?.contains(collection) ?? true
  }

  /// Whether every collection that the policy names is one of a profile or stands for photos, and every property one that
  /// can be withheld.
  var namesExistOnly: Bool {
    guard withheldProperties.isSubset(of: Self.contactProperties.map(\.name)) else { return false }
    let names = Set(defaultAudiences.keys).union(audienceMasks.keys).subtracting([Self.anyCollection])
    return names.union(applicationCollections ?? []).allSatisfy { Self.collection(named: $0) == $0 }
  }

  /// The name by which a policy knows a collection of profiles, given by its name or alias in any case, or the photos of
  /// people; nil when there is no such collection.
  public static func collection(named name: String) -> String? {
    if let collection = ProfileModel.collection(named: name) { return collection.name }
    return PersonPhoto.collection.isSameName(as: name) ? PersonPhoto.collection : nil
  }

  /// Whom people list as family is private until they say otherwise.
  private static let ownDefaults: [String: Audience] = [Relationship.collection: .me]
}
