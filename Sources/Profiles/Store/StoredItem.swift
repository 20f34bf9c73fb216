public import OData

/// Where an item lies. Keys are scoped by person and collection; the person comes first, so that a store can
/// spread people over machines.
public struct ItemKey: Hashable, Sendable {
  public let user: UserID
  /// The canonical name of the collection, such as `phones`.
  public let collection: String
  public let id: ItemID

  /// The item `id` in one collection of one person.
  public init(user: UserID, collection: String, id: ItemID) {
    self.user = user
    self.collection = collection
    self.id = id
  }
}

/// An item as a store keeps it: finished JSON, and beside it what must be known without reading that JSON.
public struct StoredItem: Equatable, Sendable {
  public let key: ItemKey
  public let version: Version
  /// `allowedAudiences` of the item.
  public let audience: Audience
  /// `createdDateTime` of the item, the default order of lists; ties are broken by the id.
  public let created: DateTimeOffset
  /// The item as one JSON object, without annotations.
  public let json: [UInt8]
  /// The part of `json` that is an array of one element and may be answered as that element.
  public let collapsible: Range<Int>?
  /// Whom the item lists as family or as a contact; nil when it lists nobody. A store keeps it with the item, and need
  /// not give it back.
  public let listed: ListedPerson?

  /// An item from its parts, as a store reads it.
  public init(
    key: ItemKey, version: Version, audience: Audience, created: DateTimeOffset, json: [UInt8],
    collapsible: Range<Int>?, listed: ListedPerson? = nil
  ) {
    self.key = key
    self.version = version
    self.audience = audience
    self.created = created
    self.json = json
    self.collapsible = collapsible
    self.listed = listed
  }

  /// The same item with another version.
  public func with(_ version: Version) -> StoredItem {
    StoredItem(
      key: key, version: version, audience: audience, created: created, json: json, collapsible: collapsible,
      listed: listed)
  }

  /// The same item, listing somebody.
  public func listing(_ listed: ListedPerson?) -> StoredItem {
    StoredItem(
      key: key, version: version, audience: audience, created: created, json: json, collapsible: collapsible,
      listed: listed)
  }

  /// An item from a value of its type.
  init(key: ItemKey, version: Version, value: StructuredValue, of type: StructuredType) {
    var writer = EntityWriter()
    writer.object(value, of: type)
    self.key = key
    self.version = version
    var audience = Audience.me
    if case .enumeration(let flags) = value.members[ItemFacet.Position.allowedAudiences] {
      audience = Audience(rawValue: flags)
    }
    self.audience = audience
    var created = DateTimeOffset(unixSeconds: 0)
    if case .dateTime(let instant) = value.members[ItemFacet.Position.createdDateTime] { created = instant }
    self.created = created
    json = writer.json.bytes
    collapsible = writer.collapsible.first
    listed = Relationship.listed(by: value, of: type)
  }

  /// The item as a value of `type`; throws when the stored JSON is not one.
  func value(of type: StructuredType) throws(BodyError) -> StructuredValue {
    StructuredValue(try EntityReader(.restore, dialect: .strict).read(json, as: type), of: type)
  }
}

extension StructuredValue {
  /// A value read back from stored JSON; nil when that is not of the type.
  init?(stored json: [UInt8], of type: StructuredType) {
    guard let patch = try? EntityReader(.restore, dialect: .strict).read(json, as: type) else { return nil }
    self.init(patch, of: type)
  }
}
