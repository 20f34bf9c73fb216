public import OData

/// What a caller may see of one person and what that person holds, and whether they may write it.
///
/// # The authorization model
///
/// Three questions are decided in this order, each by one type:
///
/// 1. **Permission** (`RequiredPermissions`, `CallerAuthorization`): may this caller do such a thing at all? Looks at the token's
///    permissions, the caller's role and the tenant's policy; decided once for a request, before anything that the
///    person holds is read, so that a refusal reveals nothing.
/// 2. **Relation** (`OwnerRelation`): what connects the caller and the person? A store finds it out in the same
///    snapshot as the items that it reads: common groups, the person's list of family and contacts, federation of their
///    tenants.
/// 3. **Audience** (`AccessDecision`): which items does that relation make visible? What is not visible does not exist
///    for the caller, in lists, counts, searches and `If-Match` alike.
///
/// The audience of somebody else's item is decided at four points, each for a reason of its own:
///
/// - by the store's read (`AuthorizationContext.audiences`), so that pages, counts and the time that they take depend
///   only on what is visible;
/// - by the operation, when it makes a `VisibleItem`: nothing but `AccessDecision` can make one and nothing else is
///   encoded, so that a store that returns too much reveals nothing;
/// - by the writer, when a write is applied: the relation and the item may have changed since the operation read them;
/// - by the trim of the answer: the write itself may have hidden the item from the caller who wrote it.
///
/// Owners and applications of the tenant see every item, so that no relation is read for them.
struct AccessDecision: Sendable {
  /// Whether the caller is the person.
  let isOwner: Bool
  /// Whether the caller is an application, whose permissions cover the whole of the person's tenant.
  let isApplicationOfTenant: Bool
  /// The audiences that the caller belongs to.
  private let audiences: Audience
  /// The relation to the person, with the policy of their tenant, whose masks limit the audiences.
  private let relation: OwnerRelation?

  /// Decides for `caller` and the person `id`, of whom `owner` is known.
  init(of caller: Caller, to id: UserID, _ owner: ItemOwner) {
    let isSameTenant = caller.tenant == owner.tenant
    let isSameID = caller.userID == id
    isOwner = isSameTenant && isSameID
    isApplicationOfTenant = caller.actor == .application && isSameTenant && !caller.isPersonalAccount
    relation = owner.relation
    switch caller.actor {
    case .application: audiences = []
    // The same id in another tenant is somebody else. Their permissions were decided as the owner's, so they see
    // nothing.
    case .user where isSameID: audiences = isSameTenant ? [.everyone] : []
    case .user where isSameTenant && !caller.isPersonalAccount:
      audiences = Self.withinTenant(owner.relation)
    case .user:
      audiences = owner.relation?.isFederated == true && !isSameTenant ? .beyondTenant : [.everyone]
    }
  }

  private static func withinTenant(_ relation: OwnerRelation?) -> Audience {
    var audiences: Audience = [.organization, .everyone]
    guard let relation else { return audiences }
    audiences.formUnion(relation.listed.intersection([.family, .contacts]))
    if relation.sharesGroup { audiences.insert(.groupMembers) }
    return audiences
  }

  /// Whether the caller may know that the person exists, even when none of their items is visible.
  var seesPerson: Bool { isOwner || isApplicationOfTenant || audiences.contains(.organization) }

  /// Whether the caller's permissions reach the person's items at all: nobody writes across tenants, whatever is
  /// visible.
  var mayWrite: Bool { seesPerson }

  /// The audiences that make an item of a collection visible, any one of them; nil when the caller sees every item.
  func decidingAudiences(in collection: String) -> Audience? {
    guard !isOwner, !isApplicationOfTenant else { return nil }
    return audiences.intersection(relation?.policy.mask(of: collection) ?? .all)
  }

  /// Whether the caller may see the item.
  func sees(_ item: StoredItem) -> Bool { sees(item.audience, in: item.key.collection) }

  /// Whether the caller may see an item of a collection with this audience.
  func sees(_ audience: Audience, in collection: String) -> Bool {
    decidingAudiences(in: collection).map { !audience.isDisjoint(with: $0) } ?? true
  }
}

// MARK: Items

/// An item that a caller may see. Only `AccessDecision` can make one, and only such an item can be encoded. A class,
/// because lists pass their items on many times.
public final class VisibleItem: Sendable {
  /// The type of the item.
  public let type: StructuredType
  /// Whose item it is, in which collection, under which id.
  public let key: ItemKey
  /// The version, from which the entity tag is made.
  public let version: Version
  /// `createdDateTime`, by which lists are ordered unless another order is asked for.
  public let created: DateTimeOffset
  /// The item as one JSON object, without annotations.
  public let json: [UInt8]
  /// The part of `json` that is an array of one element and may be answered as that element.
  public let collapsible: Range<Int>?

  fileprivate init(_ item: StoredItem, of type: StructuredType) {
    self.type = type
    key = item.key
    version = item.version
    created = item.created
    json = item.json
    collapsible = item.collapsible
  }

  /// The item as a value of its type; nil when the stored JSON is damaged.
  public var value: StructuredValue? { StructuredValue(stored: json, of: type) }
}

extension AccessDecision {
  /// The item if the caller may see it. Operations treat nil as absent.
  func visible(_ item: StoredItem, of type: StructuredType) -> VisibleItem? {
    sees(item) ? VisibleItem(item, of: type) : nil
  }
}

// MARK: People, groups and the audit log

/// A person, a group or a row of the audit log, as far as a caller may see it. Only `AccessDecision` can make one.
public struct VisibleObject: Sendable {
  /// The declared type of the object.
  public let type: StructuredType
  /// The key of the object.
  public let id: String
  /// The version, from which the entity tag is made; nil for what has no entity tag.
  public let version: Version?
  /// The object as JSON, without annotations.
  public let json: [UInt8]
  /// The key of the position after which a list continues behind the object.
  let position: String
  /// The type whose properties a list with objects of several types is queried by.
  private let typeInList: StructuredType?

  /// The values of computed properties, which `json` does not hold.
  private let computed: [(property: Property, value: Value)]
  /// The manager of a person, where the caller asks for it; nil where they do not.
  public internal(set) var manager: ReportingLine?

  /// The object as a value of its type; nil when the stored JSON is damaged.
  public var value: StructuredValue? {
    guard var value = StructuredValue(stored: json, of: type) else { return nil }
    for (property, computed) in computed { value.members[property.index] = computed }
    return value
  }

  /// The type that queries are evaluated against.
  public var listedType: StructuredType { typeInList ?? type }

  /// The object as a value of that type, in which properties that the object does not have are not set; nil when the stored
  /// JSON is damaged.
  public var listedValue: StructuredValue? {
    guard let typeInList else { return value }
    return value.map { value in
      var listed = StructuredValue(of: typeInList)
      for property in type.properties {
        guard let same = typeInList.property(named: property.name), same.isCollection == property.isCollection,
          same.type.qualifiedName == property.type.qualifiedName
        else { continue }
        listed.members[same.index] = value.members[property.index]
      }
      return listed
    }
  }

  /// The object in a list whose queries are about another type.
  func listed(as type: StructuredType) -> VisibleObject {
    VisibleObject(self.type, id: id, version: version, json: json, position: position, listedAs: type)
  }

  fileprivate init(
    _ type: StructuredType, id: String, version: Version?, json: [UInt8], position: String? = nil,
    listedAs typeInList: StructuredType? = nil, computed: [(property: Property, value: Value)] = []
  ) {
    self.typeInList = typeInList
    self.type = type
    self.id = id
    self.version = version
    self.json = json
    self.position = position ?? id
    self.computed = computed
  }

  /// The object with computed properties. It has no entity tag, which would not tell when these change.
  func adding(_ computed: [(property: Property, value: Value)]) -> VisibleObject {
    VisibleObject(type, id: id, version: nil, json: json, position: position, computed: computed)
  }
}

extension AccessDecision {
  /// The person as far as the caller's permissions and the tenant's policy go; nil when the caller may not know that they
  /// exist.
  func visible(_ user: StoredUser, to caller: Caller, withholding withheld: WithheldProperties) -> VisibleObject? {
    guard seesPerson else { return nil }
    let hidden = Self.hidden(from: caller, isOwner: isOwner, withheld)
    guard !hidden.isEmpty else { return Self.person(user, user.completeJSON) }
    return user.json(without: hidden).map { Self.person(user, $0) }
  }

  /// The properties of somebody else, by their indices, that the caller does not see, so that nothing may be selected or
  /// sorted by them.
  static func hidden(from caller: Caller, _ withheld: WithheldProperties) -> Set<Int> {
    hidden(from: caller, isOwner: false, withheld)
  }

  private static func hidden(from caller: Caller, isOwner: Bool, _ withheld: WithheldProperties) -> Set<Int> {
    let withheld = isOwner || caller.actor == .application ? .none : withheld
    let isShownWhole = fullReads(isOwner: isOwner).contains(where: caller.permissions.contains)
    return isShownWhole ? withheld.indices : withheld.beyondBasic
  }

  /// The person as a member of a group: where the caller may not read people, only the id is shown (as on Graph).
  func visibleMember(
    _ user: StoredUser, to caller: Caller, withholding withheld: WithheldProperties
  ) -> VisibleObject? {
    guard seesPerson else { return nil }
    let reads = Self.fullReads(isOwner: isOwner) + [.userReadBasicAll]
    guard !shows(reads, to: caller) else { return visible(user, to: caller, withholding: withheld) }
    // An entity tag would reveal changes to what they may not read.
    return user.json(without: Self.beyondID).map {
      VisibleObject(ProfileModel.user, id: user.id.text, version: nil, json: $0)
    }
  }

  /// A group, for callers of its tenant whose permissions were decided; nil for all others.
  static func visible(_ group: StoredGroup, to caller: Caller) -> VisibleObject? {
    guard group.tenant == caller.tenant, !caller.isPersonalAccount else { return nil }
    return VisibleObject(ProfileModel.group, id: group.id.text, version: group.version, json: group.json)
  }

  /// The organisation of a tenant, for callers of that tenant whose permissions were decided; nil for all others.
  static func visible(organizationOf settings: TenantSettings, to caller: Caller) -> VisibleObject? {
    guard settings.id == caller.tenant, !caller.isPersonalAccount else { return nil }
    return unversioned(settings.organization, of: ProfileModel.organization, id: settings.id.text)
  }

  /// The domains of a tenant, under the same rule.
  static func visible(domainsOf settings: TenantSettings, to caller: Caller) -> [VisibleObject] {
    guard settings.id == caller.tenant, !caller.isPersonalAccount else { return [] }
    return settings.verifiedDomains.map { domain in
      unversioned(settings.value(of: domain), of: ProfileModel.domain, id: domain.text)
    }
  }

  private static func unversioned(_ value: StructuredValue, of type: StructuredType, id: String) -> VisibleObject {
    var writer = EntityWriter()
    writer.object(value, of: type)
    return VisibleObject(type, id: id, version: nil, json: writer.json.bytes)
  }

  /// A row of the person's audit log, for the person and for applications of their tenant; nil for all others.
  func visible(_ row: AuditEntry) -> VisibleObject? {
    guard isOwner || isApplicationOfTenant else { return nil }
    // No row follows the first one, so that its position is never asked for.
    return VisibleObject(
      ProfileModel.change, id: row.id, version: nil, json: row.json, position: String(row.older ?? 0))
  }

  /// The photo of a person, if the caller may see it. `item` is where it is stored.
  func visiblePhoto(_ item: StoredItem) -> VisiblePhoto? {
    guard sees(item) else { return nil }
    return VisiblePhoto(
      subject: .person(item.key.user), version: item.version, audience: item.audience, content: PhotoContent(item.json))
  }

  /// The photo of a group, for those who may see the group.
  static func visible(_ photo: StoredGroupPhoto, of group: StoredGroup, to caller: Caller) -> VisiblePhoto? {
    guard visible(group, to: caller) != nil, photo.group == group.id else { return nil }
    return VisiblePhoto(
      subject: .group(group.id), version: photo.version, audience: nil, content: PhotoContent(photo.json))
  }

  private func shows(_ permissions: [Permission], to caller: Caller) -> Bool {
    permissions.contains(where: caller.permissions.contains)
  }

  private static func person(_ user: StoredUser, _ json: [UInt8]) -> VisibleObject {
    VisibleObject(ProfileModel.user, id: user.id.text, version: user.version, json: json)
  }

  /// The permissions of which each one shows a whole person.
  private static func fullReads(isOwner: Bool) -> [Permission] {
    (isOwner ? [.userRead, .userReadWrite] : []) + RequiredPermissions.wholeUserReads
  }

  /// The properties that `User.ReadBasic.All` does not show.
  fileprivate static let beyondBasic = Set(
    ProfileModel.user.properties.filter { $0.traits.isDisjoint(with: [.key, .basic]) }.map(\.index))
  /// All properties but the id.
  private static let beyondID = Set(
    ProfileModel.user.properties.filter { !$0.traits.contains(.key) }.map(\.index))
}

/// The contact properties of people that a tenant's policy withholds from delegated callers other than the person: in
/// answers, and so in filters, searches, orders and counts, which see no more than what is answered.
struct WithheldProperties: Equatable, Sendable {
  /// Nothing is withheld.
  static let none = WithheldProperties([])

  /// Where the properties lie among those of a person.
  let indices: Set<Int>
  /// The same, with everything that the permission on basic properties does not show.
  fileprivate let beyondBasic: Set<Int>

  /// Withholds the contact properties among `names`, and those that repeat them.
  init(_ names: Set<String>) {
    indices =
      names.isEmpty
      ? []
      : Set(
        TenantPolicy.contactProperties.filter { property in
          names.contains(property.name) || Self.repeated[property.name].map(names.contains) ?? false
        }.map(\.index))
    beyondBasic = AccessDecision.beyondBasic.union(indices)
  }

  /// The property whose value another one repeats: the main one of `proxyAddresses` is the mail address
  /// (`UserRules.follow`).
  private static let repeated = ["proxyAddresses": "mail"]
}

// MARK: Photos

/// A photo that a caller may see. Only `AccessDecision` can make one, and only such a photo can be encoded.
public struct VisiblePhoto: Sendable {
  /// Whose photo it is.
  public enum Subject: Sendable {
    /// A person's.
    case person(UserID)
    /// A group's.
    case group(GroupID)
  }

  /// Whose photo it is.
  public let subject: Subject
  /// The version, from which the entity tag is made.
  public let version: Version
  /// Who may see it; nil for the photo of a group, which is visible with the group.
  public let audience: Audience?
  /// The photo in all its sizes.
  public let content: PhotoContent

  fileprivate init(subject: Subject, version: Version, audience: Audience?, content: PhotoContent) {
    self.subject = subject
    self.version = version
    self.audience = audience
    self.content = content
  }
}

// MARK: People nearby and settings

extension AccessDecision {
  /// Somebody who stands near a person, with as many points. What is shown is of the directory alone: names, mail and job, as
  /// far as the tenant's policy does not withhold them. nil for somebody whom the caller may not know of, and when the stored
  /// JSON is damaged.
  func visible(_ user: StoredUser, near points: Int, withholding withheld: WithheldProperties) -> VisibleObject? {
    guard seesPerson, let person = user.asPerson(points: points, without: isOwner ? [] : withheld.indices) else {
      return nil
    }
    var writer = EntityWriter()
    writer.object(person, of: ProfileModel.person)
    return VisibleObject(
      ProfileModel.person, id: user.id.text, version: nil, json: writer.json.bytes,
      position: NearbyRanking.position(of: user.id, points: points))
  }

  /// A setting of a tenant's people, for callers of the tenant whose permissions were decided; nil for all others. One that is
  /// not part of a collection has the id of its tenant.
  static func visible(
    _ setting: StructuredValue, of type: StructuredType, in tenant: TenantID, to caller: Caller
  ) -> VisibleObject? {
    guard tenant == caller.tenant, !caller.isPersonalAccount else { return nil }
    var value = setting
    let id = value.string("id", of: type) ?? tenant.text
    value.set("id", id, of: type)
    var writer = EntityWriter()
    writer.object(value, of: type)
    return VisibleObject(type, id: id, version: nil, json: writer.json.bytes)
  }
}
