public import OData

/// Reads the lines of an import or export file. Each line is a JSON object in one of nine shapes:
///
///     {"tenant":"…","settings":{…}}
///     {"tenant":"…","group":{…}}
///     {"tenant":"…","user":{…}}
///     {"groupId":"…","photo":{…}}
///     {"groupId":"…","member":"…"}
///     {"groupId":"…","memberGroup":"…"}
///     {"groupId":"…","owner":"…"}
///     {"userId":"…","manager":"…"}
///     {"userId":"…","collection":"phones","item":{…}}
///
/// `tenant` is optional: a person or group without one belongs to the default tenant. An item belongs to its person's
/// tenant. The photo of a person is the item of the collection `photo`.
public struct ImportLineReader: Sendable {
  private let defaultTenant: TenantID
  private let environment: ServiceEnvironment

  /// A reader that fills in what a line leaves out: the tenant, and from the environment ids and stamps.
  public init(defaultTenant: TenantID, environment: ServiceEnvironment) {
    self.defaultTenant = defaultTenant
    self.environment = environment
  }

  /// Reads one line, without its line feed. Throws `ImportLineError` when the line does not have one of the shapes or a
  /// value does not have its declared type.
  public func line(_ line: [UInt8]) throws(ImportLineError) -> ImportLine {
    let parts = try Parts(line)
    let tenant = try parts.tenant.map(Self.tenant) ?? defaultTenant
    if let manager = parts.manager { return try self.manager(manager, parts) }
    if parts.groupID != nil { return try link(parts) }
    guard parts.member == nil, parts.memberGroup == nil, parts.owner == nil else { throw .wrongShape }
    switch (parts.object, parts.userID, parts.collection) {
    case (.user(let json)?, nil, nil): return .user(try user(json, tenant))
    case (.group(let json)?, nil, nil): return .group(try group(json, tenant))
    case (.settings(let json)?, nil, nil):
      guard let settings = TenantSettings(id: tenant, json: json), settings.policy.namesExistOnly else {
        throw .malformedSettings
      }
      return .tenant(settings)
    case (.item(let json)?, let id?, let collection?): return .item(try item(json, of: id, in: collection))
    default: throw .wrongShape
    }
  }

  private func manager(_ text: String, _ parts: Parts) throws(ImportLineError) -> ImportLine {
    guard parts.object == nil, parts.collection == nil, parts.groupID == nil, parts.member == nil,
      parts.memberGroup == nil, parts.owner == nil,
      let user = parts.userID
    else { throw .wrongShape }
    guard let user = UserID(user) else { throw .malformedID("userId") }
    guard let manager = UserID(text) else { throw .malformedID("manager") }
    return .manager(manager, of: user)
  }

  /// A line that ties a person, a group or a photo to a group.
  private func link(_ parts: Parts) throws(ImportLineError) -> ImportLine {
    guard parts.userID == nil, parts.collection == nil else { throw .wrongShape }
    switch (parts.object, parts.member, parts.memberGroup, parts.owner) {
    case (.photo(let json)?, nil, nil, nil):
      guard let photo = StoredGroupPhoto(imported: json, of: try Self.group(parts.groupID)) else {
        throw .malformedPhoto
      }
      return .groupPhoto(photo)
    case (nil, let member?, nil, nil):
      guard let user = UserID(member) else { throw .malformedID("member") }
      return .member(user, of: try Self.group(parts.groupID))
    case (nil, nil, let member?, nil):
      guard let nested = GroupID(member) else { throw .malformedID("memberGroup") }
      return .nestedGroup(nested, in: try Self.group(parts.groupID))
    case (nil, nil, nil, let owner?):
      guard let user = UserID(owner) else { throw .malformedID("owner") }
      return .owner(user, of: try Self.group(parts.groupID))
    default: throw .wrongShape
    }
  }

  private static func group(_ text: String?) throws(ImportLineError) -> GroupID {
    guard let group = text.flatMap(GroupID.init) else { throw .malformedID("groupId") }
    return group
  }

  private static func tenant(_ text: String) throws(ImportLineError) -> TenantID {
    guard let tenant = TenantID(text) else { throw .malformedID("tenant") }
    return tenant
  }

  private func user(_ json: [UInt8], _ tenant: TenantID) throws(ImportLineError) -> StoredUser {
    var value = try named(json, of: ProfileModel.user)
    UserRules.completeAccount(of: &value)
    // The id of the tenant is that of its own audit log.
    guard let id = value.string("id").flatMap(UserID.init), id != UserID(decisionsOf: tenant) else {
      throw .malformedID("user/id")
    }
    if let name = value.string("userPrincipalName"), PrincipalName(name) == nil {
      throw .body(.invalidValue(property: "userPrincipalName", reason: PrincipalName.rule))
    }
    return StoredUser(id: id, tenant: tenant, version: .unwritten, value: value)
  }

  private func group(_ json: [UInt8], _ tenant: TenantID) throws(ImportLineError) -> StoredGroup {
    let value = try named(json, of: ProfileModel.group)
    guard let id = value.string("id", of: ProfileModel.group).flatMap(GroupID.init) else {
      throw .malformedID("group/id")
    }
    return StoredGroup(id: id, tenant: tenant, version: .unwritten, value: value)
  }

  private func item(
    _ json: [UInt8], of user: String, in collection: String
  ) throws(ImportLineError) -> StoredItem {
    guard let user = UserID(user) else { throw .malformedID("userId") }
    guard collection != PersonPhoto.collection else { return try photo(json, of: user) }
    guard let collection = ProfileModel.collection(named: collection) else { throw .unknownCollection }
    var value = try value(json, of: collection.target, audience: Self.defaults.defaultAudience(in: collection.name))
    let id: ItemID
    if case .string(let text) = value.members[ItemFacet.Position.id] {
      guard let given = ItemID(text) else { throw .malformedID("item/id") }
      id = given
    } else {
      id = environment.makeID()
      value.members[ItemFacet.Position.id] = .string(id.text)
    }
    return StoredItem(
      key: ItemKey(user: user, collection: collection.name, id: id), version: .unwritten, value: value,
      of: collection.target)
  }

  private func photo(_ json: [UInt8], of user: UserID) throws(ImportLineError) -> StoredItem {
    let audience = Self.defaults.defaultAudience(in: PersonPhoto.collection)
    guard let item = PersonPhoto.imported(json, of: user, audience: audience, now: environment.now()) else {
      throw .malformedPhoto
    }
    return item
  }

  /// A person or a group, whose name is one that an update would take.
  private func named(_ json: [UInt8], of type: StructuredType) throws(ImportLineError) -> StructuredValue {
    let value = try value(json, of: type)
    do throws(BodyError) { try DirectoryRules.check(imported: value, of: type) } catch { throw .body(error) }
    return value
  }

  /// The policy that gives an item its audience where the line names none. An import is the operator's, so that the
  /// tenant's own policy does not apply.
  private static let defaults = TenantPolicy()

  /// `audience` is the one of an item that names none; nil for what is not an item.
  private func value(
    _ json: [UInt8], of type: StructuredType, audience: Audience? = nil
  ) throws(ImportLineError) -> StructuredValue {
    let patch: StructuredPatch
    do throws(BodyError) {
      patch = try EntityReader(.importing, dialect: .strict).read(json, as: type)
    } catch {
      throw .body(error)
    }
    var value = StructuredValue(of: type)
    if let audience {
      value.members[ItemFacet.Position.allowedAudiences] = .enumeration(audience.rawValue)
      // These apply to what a line leaves out: null that was exported is imported as null.
      let now = Value.dateTime(environment.now())
      value.members[ItemFacet.Position.createdDateTime] = now
      value.members[ItemFacet.Position.lastModifiedDateTime] = now
    }
    _ = patch.apply(to: &value, of: type)
    if audience != nil, patch.members[ItemFacet.Position.lastModifiedDateTime] == .absent { Self.restamp(&value) }
    return value
  }

  /// An item whose line says that it is created in the future was not changed before that.
  private static func restamp(_ value: inout StructuredValue) {
    guard case .dateTime(let made) = value.members[ItemFacet.Position.createdDateTime],
      case .dateTime(let changed) = value.members[ItemFacet.Position.lastModifiedDateTime], made > changed
    else { return }
    value.members[ItemFacet.Position.lastModifiedDateTime] = .dateTime(made)
  }
}

/// What is wrong with one line of an import file. It repeats no value of the line.
public enum ImportLineError: Error, Equatable, Sendable {
  /// The line is not valid JSON.
  case malformed(JSONError)
  /// The object has none of the nine shapes.
  case wrongShape
  /// The object has a member that no shape has.
  case unknownMember
  /// The member of this name is not a valid id.
  case malformedID(String)
  /// Profiles have no such collection.
  case unknownCollection
  /// The settings do not have their form.
  case malformedSettings
  /// The photo is not one that a server has exported.
  case malformedPhoto
  /// The object does not have its declared type.
  case body(BodyError)

  /// A sentence for people.
  public var message: String {
    switch self {
    case .malformed(let error): "not valid JSON: \(error.reason), at byte \(error.offset)"
    case .wrongShape:
      "must be one object of user, group or settings, with an optional tenant, of userId with collection and item or with "
        + "manager, or of groupId with member, memberGroup, owner or photo"
    case .unknownMember:
      "holds a member other than tenant, user, group, settings, userId, collection, item, manager, groupId, member, "
        + "memberGroup, owner and photo"
    case .malformedPhoto: "holds a photo in another form than an export gives: square JPEG files in Graph's sizes"
    case .malformedSettings: "holds settings that a tenant does not have"
    case .malformedID(let member): "'\(member)' is missing, empty, too long or holds control characters"
    case .unknownCollection: "names a collection that profiles do not have"
    case .body(let error): error.message
    }
  }
}

extension ImportLine {
  /// The object as one line of an export, without its line feed. Importing the line gives the same object.
  public var line: [UInt8] {
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    switch self {
    case .tenant(let settings):
      json.member("tenant", settings.id.text)
      json.name("settings")
      json.raw(settings.json)
    case .group(let group):
      json.member("tenant", group.tenant.text)
      json.name("group")
      json.raw(group.json)
    case .groupPhoto(let photo):
      json.member("groupId", photo.group.text)
      json.name("photo")
      json.raw(photo.json)
    case .user(let user):
      json.member("tenant", user.tenant.text)
      json.name("user")
      json.raw(user.json)
    case .member(let user, of: let group):
      json.member("groupId", group.text)
      json.member("member", user.text)
    case .nestedGroup(let member, in: let group):
      json.member("groupId", group.text)
      json.member("memberGroup", member.text)
    case .owner(let user, of: let group):
      json.member("groupId", group.text)
      json.member("owner", user.text)
    case .manager(let manager, of: let user):
      json.member("userId", user.text)
      json.member("manager", manager.text)
    case .item(let item):
      json.member("userId", item.key.user.text)
      json.member("collection", item.key.collection)
      json.name("item")
      json.raw(item.json)
    }
    json.endObject()
    return json.bytes
  }
}

/// The members of a line, objects still as JSON.
private struct Parts {
  var tenant: String?
  var userID: String?
  var groupID: String?
  var member: String?
  var memberGroup: String?
  var owner: String?
  var manager: String?
  var collection: String?
  var object: Object?

  /// The object that a line holds.
  enum Object {
    case settings([UInt8])
    case group([UInt8])
    case photo([UInt8])
    case user([UInt8])
    case item([UInt8])
  }

  init(_ line: [UInt8]) throws(ImportLineError) {
    let result: Result<Parts, ImportLineError> = line.withUnsafeBufferPointer { bytes in
      var parts = Parts()
      do {
        try parts.read(bytes)
        return .success(parts)
      } catch let error as ImportLineError {
        return .failure(error)
      } catch let error as JSONError {
        return .failure(.malformed(error))
      } catch {
        return .failure(.wrongShape)
      }
    }
    self = try result.get()
  }

  private init() {}

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    // The item or person is nested one level deeper than in a request body.
    var reader = JSONReader(bytes, depthMax: Limits.jsonDepthMax + 1)
    // Files come from many programs and are concatenated, so that a byte order mark may precede any line.
    try reader.skipByteOrderMark()
    guard try reader.peek() == .object else { throw ImportLineError.wrongShape }
    try reader.beginObject()
    while let name = try reader.nextName() {
      switch name.string {
      case "tenant": try Self.set(&tenant, &reader)
      case "userId": try Self.set(&userID, &reader)
      case "collection": try Self.set(&collection, &reader)
      case "groupId": try Self.set(&groupID, &reader)
      case "member": try Self.set(&member, &reader)
      case "memberGroup": try Self.set(&memberGroup, &reader)
      case "owner": try Self.set(&owner, &reader)
      case "manager": try Self.set(&manager, &reader)
      case "settings": try set(&reader, Object.settings)
      case "group": try set(&reader, Object.group)
      case "photo": try set(&reader, Object.photo)
      case "user": try set(&reader, Object.user)
      case "item": try set(&reader, Object.item)
      default: throw ImportLineError.unknownMember
      }
    }
    try reader.finish()
  }

  private static func set(_ text: inout String?, _ reader: inout JSONReader) throws {
    guard text == nil else { throw JSONError(.duplicateMember, at: reader.offset) }
    text = try reader.readString().string
  }

  private mutating func set(_ reader: inout JSONReader, _ make: ([UInt8]) -> Object) throws {
    guard object == nil else { throw JSONError(.duplicateMember, at: reader.offset) }
    object = make(try reader.readRawValue())
  }
}
