public import OData

/// The content of one row of the audit log: who did what to which item, and when. It holds no values.
public struct Change: Equatable, Sendable {
  /// What happened, with the numbers of the enumeration `profileChangeKind`.
  public enum Kind: Int64, CaseIterable, Sendable {
    /// The item, person or membership was created.
    case created = 1
    /// Properties of the item or person were changed.
    case updated = 2
    /// The item, person or membership was deleted.
    case deleted = 3
    /// The item, person or membership came with an import.
    case imported = 4
  }

  /// The collection in rows about memberships, whose items are groups.
  public static let memberships = "memberOf"
  /// The collection in rows about groups that a person owns.
  public static let ownerships = "ownedObjects"
  /// The collection in rows about managers, whose items are people.
  public static let managers = "manager"

  /// When it happened, by the server's clock.
  public let time: DateTimeOffset
  /// What happened.
  public let kind: Kind
  /// The person whose audit log the row is in.
  public let user: UserID
  /// The person's tenant: an id that is given out again in another tenant begins another audit log.
  public let tenant: TenantID
  /// The collection; nil when the person themself was written.
  public let collection: String?
  /// The item in the collection; nil when the person, or the collection as a whole, was written.
  public let item: ItemID?
  /// Names of the properties that changed.
  public let properties: [String]
  /// The version before; nil when there was none.
  public let versionBefore: Version?
  /// The version after; nil when there is none.
  public let versionAfter: Version?
  /// The person who acted; nil for an application without a user.
  public let actingUser: UserID?
  /// The application that acted; nil when the token named none.
  public let actingApplication: String?

  /// Whether the row is about what the tenant decided, and not about a person.
  public var isOfTenant: Bool { user.text.hasSameBytes(as: tenant.text) }

  /// The same row without versions, for what has none.
  public var withoutVersions: Change {
    Change(
      time: time, kind: kind, user: user, tenant: tenant, collection: collection, item: item, properties: properties,
      versionBefore: nil, versionAfter: nil, actingUser: actingUser, actingApplication: actingApplication)
  }

  /// A row from its parts.
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
