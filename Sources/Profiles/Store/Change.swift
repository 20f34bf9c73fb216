public import OData

/// One row of the change log: who did what to which item, and when. It holds no values.
public struct Change: Equatable, Sendable {
  /// What happened.
  public enum Kind: Int64, CaseIterable, Sendable {
    case created = 1
    case updated = 2
    case deleted = 3
    case imported = 4
  }

  /// Stands for a collection in rows about memberships, whose items are groups.
  public static let memberships = "memberOf"

  public let time: DateTimeOffset
  public let kind: Kind
  /// Whose record it is in.
  public let user: UserID
  /// The person's tenant: an id that is given out again in another one begins another record.
  public let tenant: TenantID
  /// The collection and item; nil when the person themself was touched.
  public let collection: String?
  public let item: ItemID?
  /// Names of the properties that changed.
  public let properties: [String]
  /// The version before, nil when there was none.
  public let versionBefore: Version?
  /// The version after, nil when there is none.
  public let versionAfter: Version?
  /// The person who acted, nil for an application on its own.
  public let actingUser: UserID?
  /// The application that acted, nil when the token named none.
  public let actingApplication: String?

  /// The same for something that has no versions.
  public var withoutVersions: Change {
    Change(
      time: time, kind: kind, user: user, tenant: tenant, collection: collection, item: item, properties: properties,
      versionBefore: nil, versionAfter: nil, actingUser: actingUser, actingApplication: actingApplication)
  }

  /// A row of the log.
  public init(
    time: DateTimeOffset, kind: Kind, user: UserID, tenant: TenantID, collection: String?, item: ItemID?,
    properties: [String],
    versionBefore: Version?, versionAfter: Version?, actingUser: UserID?, actingApplication: String?
  ) {
    self.time = time
    self.kind = kind
    self.user = user
    self.tenant = tenant
    self.collection = collection
    self.item = item
    self.properties = properties
    self.versionBefore = versionBefore
    self.versionAfter = versionAfter
    self.actingUser = actingUser
    self.actingApplication = actingApplication
  }
}
