import OData

/// A tenant and what its organisation has decided.
public struct TenantSettings: Equatable, Sendable {
  /// The key of the tenant.
  public let id: TenantID
  /// A name for people to read.
  public var name: String?
  /// What the organisation has decided for its people.
  public var policy: TenantPolicy
  /// What the organisation decided at `/admin/people`.
  public var people = PeopleSettings()
  /// The tenants whose people see items for the audience `federatedOrganizations`.
  public var federatedWith: Set<TenantID>
  /// The domains that belong to the organisation, in the order in which they were added; the first one is the default.
  public var domains: [DomainName]
  /// The mail addresses for technical messages to the organisation.
  public var technicalMails: [String]

  /// The settings of a tenant. The defaults are those of a tenant that has decided nothing.
  public init(
    id: TenantID, name: String? = nil, policy: TenantPolicy = TenantPolicy(), federatedWith: Set<TenantID> = [],
    domains: [DomainName] = [], technicalMails: [String] = []
  ) {
    self.id = id
    self.name = name
    self.policy = policy
    self.federatedWith = federatedWith
    self.domains = domains
    self.technicalMails = technicalMails
  }

  /// Whether the tenant has decided nothing.
  public var isPlain: Bool { self == TenantSettings(id: id) }
}

// MARK: JSON

extension TenantSettings {
  /// The settings as one JSON object, without what has not been decided.
  public var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    if let name { json.member("name", name) }
    if policy != TenantPolicy() {
      json.name("policy")
      policy.write(to: &json)
    }
    if !people.isPlain {
      json.name("people")
      people.write(to: &json)
    }
    if !federatedWith.isEmpty { json.member("federatedWith", federatedWith.map(\.text).sorted()) }
    if !domains.isEmpty { json.member("domains", domains.map(\.text)) }
    if !technicalMails.isEmpty { json.member("technicalNotificationMails", technicalMails) }
    json.endObject()
    return json.bytes
  }

  /// The settings of the tenant `id` from JSON; nil when the JSON is not of their form.
  public init?(id: TenantID, json: [UInt8]) {
    self.init(id: id)
    let isRead = json.withUnsafeBufferPointer { bytes -> Bool in
      var reader = JSONReader(bytes, dialect: .strict)
      do {
        try read(from: &reader)
        try reader.finish()
        return true
      } catch {
        return false
      }
    }
    guard isRead else { return nil }
  }

  private mutating func read(from reader: inout JSONReader) throws {
    try reader.beginObject()
    while let name = try reader.nextName() {
      switch name.string {
      case "name": self.name = try reader.readString().string
      case "policy": policy = try TenantPolicy(from: &reader)
      case "people": people = try PeopleSettings(from: &reader)
      case "federatedWith":
        let tenants = try reader.readStrings().map(TenantID.init)
        guard !tenants.contains(nil) else { throw SettingsFault() }
        federatedWith = Set(tenants.compactMap { $0 })
      case "domains":
        let names = try reader.readStrings().map(DomainName.init)
        domains = names.compactMap { $0 }
        guard domains.count == names.count, Set(domains).count == names.count, names.count <= Limits.domainsMax else {
          throw SettingsFault()
        }
      case "technicalNotificationMails":
        technicalMails = try reader.readStrings()
        guard technicalMails.count <= Limits.technicalMailsMax,
          technicalMails.allSatisfy({ (1...Limits.mailBytesMax).contains($0.utf8.count) })
        else { throw SettingsFault() }
      default: throw SettingsFault()
      }
    }
  }
}

extension TenantPolicy {
  /// Writes what differs from a policy that has decided nothing.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("defaultAudiences", defaultAudiences)
    json.member("allowedAudiences", audienceMasks)
    if let applicationCollections { json.member("applicationCollections", applicationCollections.sorted()) }
    if let writersOfOthers { json.member("writersOfOthers", writersOfOthers.rawValue) }
    if let createsUnknownPeople {
      json.name("createsUnknownPeople")
      json.bool(createsUnknownPeople)
    }
    if let administrators { json.member("administrators", administrators.text) }
    if !withheldProperties.isEmpty { json.member("withheldProperties", withheldProperties.sorted()) }
    json.endObject()
  }

  fileprivate init(from reader: inout JSONReader) throws {
    self.init()
    try reader.beginObject()
    while let name = try reader.nextName() {
      switch name.string {
      case "defaultAudiences": defaultAudiences = try reader.readAudiences()
      case "allowedAudiences": audienceMasks = try reader.readAudiences()
      case "applicationCollections": applicationCollections = Set(try reader.readStrings())
      case "writersOfOthers":
        guard let writers = WritePolicy(rawValue: try reader.readString().string) else { throw SettingsFault() }
        writersOfOthers = writers
      case "createsUnknownPeople": createsUnknownPeople = try reader.readBool()
      case "administrators":
        // A text that is not an id must not read as a policy without such a group.
        guard let group = GroupID(try reader.readString().string) else { throw SettingsFault() }
        administrators = group
      case "withheldProperties": withheldProperties = Set(try reader.readStrings())
      default: throw SettingsFault()
      }
    }
  }
}

/// The JSON is not that of settings.
struct SettingsFault: Error {}

extension JSONWriter {
  fileprivate mutating func member(_ name: String, _ audiences: [String: Audience]) {
    guard !audiences.isEmpty else { return }
    self.name(name)
    beginObject()
    for (collection, audience) in audiences.sorted(by: { $0.key < $1.key }) { member(collection, audience.text) }
    endObject()
  }
}

extension JSONReader {
  fileprivate mutating func readStrings() throws -> [String] {
    var strings: [String] = []
    try beginArray()
    while try nextElement() { strings.append(try readString().string) }
    return strings
  }

  fileprivate mutating func readAudiences() throws -> [String: Audience] {
    var audiences: [String: Audience] = [:]
    try beginObject()
    while let name = try nextName() {
      guard let audience = Audience(named: try readString().string) else { throw SettingsFault() }
      audiences[name.string] = audience
    }
    return audiences
  }
}
