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
  init(id: UserID, caller: Caller, version: Version, at time: DateTimeOffset) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id.text)
    value.set("displayName", caller.displayName?.isEmpty == true ? nil : caller.displayName)
    // A token may hold a name that is not valid here.
    value.set("userPrincipalName", caller.userPrincipalName.flatMap(PrincipalName.init)?.text)
    UserRules.setDefaults(of: &value, at: time)
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

  /// `person` as an edit leaves them, which changed some properties and gave them these values.
  init(
    _ person: StoredUser, version: Version, edited entity: EntityEditor, _ values: StructuredValue, changed: [Int]
  ) {
    func text(_ name: String, _ old: String?) -> String? {
      ProfileModel.user.property(named: name).map { changed.contains($0.index) } == true ? values.string(name) : old
    }
    self.init(
      id: person.id, tenant: person.tenant, principalName: text("userPrincipalName", person.principalName),
      displayName: text("displayName", person.displayName), version: version, json: entity.edited().json)
  }

  /// An editor of the person; nil when the stored JSON is damaged.
  var entity: EntityEditor? {
    let entity = try? EntityEditor(json, collapsible: nil, of: ProfileModel.user)
    guard let entity, let enabled = Self.accountEnabled, !entity.holds(enabled) else { return entity }
    return try? EntityEditor(completeJSON, collapsible: nil, of: ProfileModel.user)
  }

  private static let accountEnabled = ProfileModel.user.property(named: "accountEnabled")

  /// The person without these properties; nil when the stored JSON is damaged.
  func json(without hidden: Set<Int>) -> [UInt8]? {
    guard let value = value(without: hidden) else { return nil }
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.user)
    return writer.json.bytes
  }

  /// The JSON with what holds of an account of which nothing was said: it is enabled, and a member's. Only people whom an
  /// earlier version stored say nothing.
  var completeJSON: [UInt8] {
    guard enabledLetter == nil, json.count > 2, json.last == UInt8(ascii: "}") else { return json }
    var complete = json
    complete.removeLast()
    complete += Self.accountDefaults
    return complete
  }

  /// Whether the account is disabled.
  public var isDisabled: Bool { enabledLetter == UInt8(ascii: "f") }

  private static let accountDefaults = Array(#","accountEnabled":true,"userType":"Member"}"#.utf8)
  private static let enabledMember = Array("\"accountEnabled\":".utf8)
  /// Where the member has its one capital, which is rarer than what surrounds it.
  private static let enabledCapital = 8

  /// The first letter of the value of `accountEnabled`; nil when there is no such member. Lists look at it for each person, so
  /// that the JSON is not read: within a text, JSON escapes quotation marks, so that no value holds such a member.
  private var enabledLetter: UInt8? {
    let (member, capital) = (Self.enabledMember, Self.enabledCapital)
    return json.withUnsafeBufferPointer { json in
      member.withUnsafeBufferPointer { member in
        let last = json.count - member.count
        var start = 0
        while start < last {
          if json[start + capital] == member[capital],
            UnsafeBufferPointer(rebasing: json[start..<(start + member.count)]).elementsEqual(member)
          {
            return json[start + member.count]
          }
          start += 1
        }
        return nil
      }
    }
  }

  /// The same person without a principal name, for when somebody else has it; nil when the stored JSON is damaged.
  public var withoutPrincipalName: StoredUser? {
    guard let name = ProfileModel.user.property(named: "userPrincipalName"), let value = value(without: [name.index])
    else { return nil }
    return StoredUser(id: id, tenant: tenant, version: version, value: value)
  }

  private func value(without hidden: Set<Int>) -> StructuredValue? {
    guard var value = StructuredValue(stored: completeJSON, of: ProfileModel.user) else { return nil }
    let unset = StructuredValue(of: ProfileModel.user)
    for index in hidden { value.members[index] = unset.members[index] }
    return value
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

  /// Whether a property of a person has no value.
  func isUnset(_ name: String) -> Bool {
    ProfileModel.user.property(named: name).map { members[$0.index].isNull } ?? true
  }

  /// The texts of a collection of a person; none where it is not set.
  func texts(_ name: String) -> [String] {
    guard let property = ProfileModel.user.property(named: name),
      case .collection(let elements) = members[property.index]
    else { return [] }
    return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
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
