public import OData

/// The key of an item in a store: scoped by person and collection. The person comes first, so that a store can
/// distribute people over machines.
public struct ItemKey: Hashable, Sendable {
  /// The person whose item it is.
  public let user: UserID
  /// The canonical name of the collection, such as `phones`.
  public let collection: String
  /// The key of the item in its collection.
  public let id: ItemID

  /// The key of the item `id` in one collection of one person.
  public init(user: UserID, collection: String, id: ItemID) {
    self.user = user
    self.collection = collection
    self.id = id
  }
}

/// An item as a store keeps it: finished JSON, and beside it what must be known without reading that JSON.
public struct StoredItem: Equatable, Sendable {
  /// Whose item it is, in which collection, under which id.
  public let key: ItemKey
  /// The version, which every write replaces.
  public let version: Version
  /// `allowedAudiences` of the item.
  public let audience: Audience
  /// `createdDateTime` of the item, the default order of lists; ties are broken by the id.
  public let created: DateTimeOffset
  /// The item as one JSON object, without annotations.
  public let json: [UInt8]
  /// The part of `json` that is an array of one element and may be answered as that element.
  public let collapsible: Range<Int>?
  /// The person whom the item lists as family or as a contact; nil when it lists nobody. A store keeps it with the
  /// item, but need not return it.
  public let listed: ListedPerson?

  /// An item from the parts that a store reads.
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

  /// The same item, with another person listed.
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
    audience = Self.audience(value.members[ItemFacet.Position.allowedAudiences])
    created = Self.created(value.members[ItemFacet.Position.createdDateTime])
    json = writer.json.bytes
    collapsible = writer.collapsible.first
    listed = Relationship.listed(of: type) { value.members[$0.index] }
  }

  /// `item` as an edit leaves it, which changed the properties at `changed`. Throws `BodyError` when a stored member is
  /// not of its property's type.
  init(
    _ item: StoredItem, version: Version, edited entity: EntityEditor, at changed: [Int], of type: StructuredType
  ) throws(BodyError) {
    let (audience, created) = (ItemFacet.Position.allowedAudiences, ItemFacet.Position.createdDateTime)
    key = item.key
    self.version = version
    self.audience =
      changed.contains(audience) ? Self.audience(try entity.value(of: type.properties[audience])) : item.audience
    self.created =
      changed.contains(created) ? Self.created(try entity.value(of: type.properties[created])) : item.created
    (json, collapsible) = entity.edited()
    listed = try Relationship.listed(of: type) { property throws(BodyError) in try entity.value(of: property) }
  }

  private static func audience(_ value: Value) -> Audience {
    if case .enumeration(let flags) = value { Audience(rawValue: flags) } else { .me }
  }

  private static func created(_ value: Value) -> DateTimeOffset {
    if case .dateTime(let instant) = value { instant } else { DateTimeOffset(unixSeconds: 0) }
  }

  /// The item as a value of `type`. Throws `BodyError` when the stored JSON is not one.
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

// MARK: Checks of stored data

extension StoredItem {
  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type
  /// and the parts beside it agree with it.
  public func fault(as type: StructuredType) -> String? {
    let value: StructuredValue
    do throws(BodyError) {
      value = try self.value(of: type)
    } catch {
      return "The JSON is not of the type '\(type.qualifiedName)'."
    }
    guard case .string(let id) = value.members[ItemFacet.Position.id], id.hasSameBytes(as: key.id.text) else {
      return "The id in the JSON is not the key."
    }
    let derived = StoredItem(key: key, version: version, value: value, of: type)
    if derived.audience != audience { return "The audience beside the JSON is another than in it." }
    if derived.created != created { return "The time of creation beside the JSON is another than in it." }
    if derived.listed != listed { return "Whom the item lists is another beside the JSON than in it." }
    // An older server may have written the same value in other bytes; only then may the range differ.
    if derived.json == json, derived.collapsible != collapsible { return "The collapsible part is marked wrongly." }
    return nil
  }
}
