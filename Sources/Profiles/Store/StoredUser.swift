public import OData

/// A person as a store keeps them.
public struct StoredUser: Equatable, Sendable {
  /// The key of the person.
  public let id: UserID
  /// The tenant that the person belongs to.
  public let tenant: TenantID
  /// Unique in the tenant by its key (`PrincipalName.key`); nil when the person has none.
  public let principalName: String?
  /// The display name; nil when the person has none.
  public let displayName: String?
  /// The version, which every write replaces.
  public let version: Version
  /// The person as one JSON object, without annotations.
  public let json: [UInt8]

  /// A person from the parts that a store reads.
  public init(
    id: UserID, tenant: TenantID, principalName: String?, displayName: String?, version: Version, json: [UInt8]
  ) {
    self.id = id
    self.tenant = tenant
    self.principalName = principalName
    self.displayName = displayName
    self.version = version
    self.json = json
  }

  /// The display name in the form in which texts of the directory are compared; nil when the person has none.
  public var displayNameKey: String? { displayName?.folded }

  /// What must be known of the person to decide about what they hold, without a relation.
  var asOwner: ItemOwner { ItemOwner(tenant: tenant, displayName: displayName) }

  /// The mail address in the form in which addresses are compared, as principal names are: unique in the tenant. nil
  /// when the person has none, an empty one, or one longer than `Limits.mailBytesMax`, which data from before addresses
  /// were bounded can hold. Reads the JSON.
  public var foldedMail: String? {
    let mail = json.withUnsafeBufferPointer { bytes -> String? in
      var reader = JSONReader(bytes, dialect: .strict)
      return try? reader.text(ofMember: "mail")
    }
    return mail.flatMap(Self.foldedMail)
  }

  /// The same for an address.
  static func foldedMail(_ mail: String) -> String? {
    let folded = PrincipalName.key(of: mail)
    return (1...Limits.mailBytesMax).contains(folded.utf8.count) ? folded : nil
  }
}

extension JSONReader {
  /// The text of a member of the object that comes next; nil when there is no such member, or it is not a string.
  fileprivate mutating func text(ofMember wanted: String) throws -> String? {
    try beginObject()
    while let name = try nextName() {
      guard name.string == wanted else {
        try skipValue()
        continue
      }
      return try peek() == .string ? try readString().string : nil
    }
    return nil
  }
}

extension StoredUser {
  /// A person as their token describes them.
  init(id: UserID, caller: Caller, version: Version) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id.text)
    value.set("displayName", caller.displayName?.isEmpty == true ? nil : caller.displayName)
    // A token may hold a name that is not valid here.
    value.set("userPrincipalName", caller.userPrincipalName.flatMap(PrincipalName.init)?.text)
    self.init(id: id, tenant: caller.tenant, version: version, value: value)
  }

  /// A person from a value of the declared type.
  init(id: UserID, tenant: TenantID, version: Version, value: StructuredValue) {
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.user)
    self.init(
      id: id, tenant: tenant, principalName: value.string("userPrincipalName"),
      displayName: value.string("displayName"), version: version, json: writer.json.bytes)
  }

  /// The person with only these members set; nil when the stored JSON is damaged.
  func json(restrictedTo names: Set<String>) -> [UInt8]? {
    guard let value = value(restrictedTo: names) else { return nil }
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.user)
    return writer.json.bytes
  }

  /// The same person without a principal name, for when somebody else has it; nil when the stored JSON is damaged.
  public var withoutPrincipalName: StoredUser? {
    let names = Set(ProfileModel.user.properties.map(\.name)).subtracting(["userPrincipalName"])
    guard let value = value(restrictedTo: names) else { return nil }
    return StoredUser(id: id, tenant: tenant, version: version, value: value)
  }

  private func value(restrictedTo names: Set<String>) -> StructuredValue? {
    guard let value = StructuredValue(stored: json, of: ProfileModel.user) else { return nil }
    var restricted = StructuredValue(of: ProfileModel.user)
    for property in ProfileModel.user.properties where names.contains(property.name) {
      restricted.members[property.index] = value.members[property.index]
    }
    return restricted
  }
}

extension StructuredValue {
  /// Sets a string property; null when there is no text.
  mutating func set(_ name: String, _ text: String?, of type: StructuredType = ProfileModel.user) {
    set(name, text.map(Value.string) ?? .null, of: type)
  }

  /// Sets a property of a value of `type`.
  mutating func set(_ name: String, _ value: Value, of type: StructuredType) {
    guard let property = type.property(named: name) else { return }
    members[property.index] = value
  }

  /// A string property.
  func string(_ name: String, of type: StructuredType = ProfileModel.user) -> String? {
    guard let property = type.property(named: name), case .string(let text) = members[property.index]
    else { return nil }
    return text
  }
}

// MARK: Checks of stored data

extension StoredUser {
  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type
  /// and the parts beside it agree with it.
  public var fault: String? {
    guard let value = StructuredValue(stored: json, of: ProfileModel.user) else {
      return "The JSON is not of the type '\(ProfileModel.user.qualifiedName)'."
    }
    if value.string("id") != id.text { return "The id in the JSON is not the key." }
    if value.string("userPrincipalName") != principalName { return "The principal name beside the JSON is another." }
    if value.string("displayName") != displayName { return "The display name beside the JSON is another." }
    return nil
  }

  /// The same for what a store keeps of the names beside the JSON, in the form in which they are compared.
  public func fault(principalName: String?, displayName: String?) -> String? {
    let kept = [principalName, displayName].map { $0.map { Array($0.utf8) } }
    let wanted = [principalNameKey, displayNameKey].map { $0.map { Array($0.utf8) } }
    return kept == wanted ? nil : "A name that the person is found by is another than theirs."
  }

  /// The finding when the indexes hold something else of a person than what follows from the JSON.
  public static let indexFault =
    "The indexes hold another text of the person than theirs, so that some lists leave the person out. Write the person "
    + "again."

  /// The finding when several people of a tenant have one principal name, as principal names are compared.
  public static let sharedNameFinding =
    "Somebody else of the tenant has the same principal name but for case or composition, so that only one of them is found "
    + "by it. Change one of the two."

  /// The finding when several people of a tenant have one mail address, which data from before addresses were unique
  /// can hold.
  public static let sharedMailFault =
    "Somebody else of the tenant has the same mail address, so that an export of both is not imported. Change one of the two."
}
