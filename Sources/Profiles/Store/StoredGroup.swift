public import OData

/// A group as a store keeps it.
public struct StoredGroup: Equatable, Sendable {
  /// The key of the group.
  public let id: GroupID
  /// The tenant that the group belongs to.
  public let tenant: TenantID
  /// The version, which every write replaces.
  public let version: Version
  /// The group as one JSON object, without annotations.
  public let json: [UInt8]

  /// A group from the parts that a store reads.
  public init(id: GroupID, tenant: TenantID, version: Version, json: [UInt8]) {
    self.id = id
    self.tenant = tenant
    self.version = version
    self.json = json
  }
}

extension StoredGroup {
  /// A group from a value of the declared type.
  init(id: GroupID, tenant: TenantID, version: Version, value: StructuredValue) {
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.group)
    self.init(id: id, tenant: tenant, version: version, json: writer.json.bytes)
  }

  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is of the type.
  public var fault: String? {
    guard let value = StructuredValue(stored: json, of: ProfileModel.group) else {
      return "The JSON is not of the type '\(ProfileModel.group.qualifiedName)'."
    }
    return value.string("id", of: ProfileModel.group) == id.text ? nil : "The id in the JSON is not the key."
  }
}
