import OData

/// A row of the audit log of one person: a change and its position.
public struct AuditEntry: Equatable, Sendable {
  /// 1 for the first row of a person, then without gaps.
  public let position: Int64
  /// What happened.
  public let change: Change
  /// The place of the row before, in a form that the store understands; nil for the first row. It depends on the rows
  /// of other people, so it is never shown.
  public let older: Int64?

  /// A row from the parts that a store reads.
  public init(position: Int64, change: Change, older: Int64?) {
    self.position = position
    self.change = change
    self.older = older
  }
}

extension AuditEntry {
  /// The row as one line of an export, without its line feed: `{"userId":"…","change":{…}}`.
  public var line: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("userId", change.user.text)
    writer.name("change")
    writer.raw(json)
    writer.endObject()
    return writer.bytes
  }

  /// The key of the row.
  var id: String { String(position) }

  /// The row as a JSON object of the declared type. It says who, when, what and which properties, and holds no values.
  public var json: [UInt8] {
    let type = ProfileModel.change
    var value = StructuredValue(of: type)
    value.set("id", id, of: type)
    value.set("time", .dateTime(change.time), of: type)
    value.set("kind", .enumeration(change.kind.rawValue), of: type)
    value.set("userId", change.actingUser?.text, of: type)
    value.set("applicationId", change.actingApplication, of: type)
    value.set("collection", change.collection, of: type)
    value.set("itemId", change.item?.text, of: type)
    value.set("properties", .collection(change.properties.map(Value.string)), of: type)
    value.set("versionBefore", change.versionBefore?.entityTag, of: type)
    value.set("versionAfter", change.versionAfter?.entityTag, of: type)
    var writer = EntityWriter()
    writer.object(value, of: type)
    return writer.json.bytes
  }
}
