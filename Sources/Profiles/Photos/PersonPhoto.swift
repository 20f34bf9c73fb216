public import OData

/// The photo of a person, which is stored as the only item of a collection that no profile shows: it has an audience, a
/// version and rows in the audit log like every item, and is exported, imported and erased with them.
public enum PersonPhoto {
  /// The name of the collection, in which policies and the audit log speak of photos.
  public static let collection = "photo"

  /// The id of the item.
  static let id: ItemID = {
    guard let id = ItemID("photo") else { preconditionFailure("The id of photos is not an id") }
    return id
  }()

  /// The key of the photo of a person.
  static func key(of user: UserID) -> ItemKey { ItemKey(user: user, collection: collection, id: id) }

  /// The photo of a person as it is stored.
  static func item(
    of user: UserID, _ photo: EncodedPhoto, for audience: Audience, created: DateTimeOffset, version: Version
  ) -> StoredItem {
    item(of: user, sizes: photo.json, for: audience, created: created, version: version)
  }

  /// The same photo for another audience; nil when the stored JSON is damaged.
  static func item(_ item: StoredItem, for audience: Audience, version: Version) -> StoredItem? {
    guard let sizes = PhotoContent(item.json).rawSizes else { return nil }
    return self.item(of: item.key.user, sizes: sizes, for: audience, created: item.created, version: version)
  }

  private static func item(
    of user: UserID, sizes: [UInt8], for audience: Audience, created: DateTimeOffset, version: Version
  ) -> StoredItem {
    var json = JSONWriter(capacity: sizes.count + 160)
    json.beginObject()
    json.member("id", id.text)
    json.member(audienceMember, audience.text)
    json.name(createdMember)
    json.plainString(created.utf8)
    json.name(PhotoContent.sizesMember)
    json.raw(sizes)
    json.endObject()
    return StoredItem(
      key: key(of: user), version: version, audience: audience, created: created, json: json.bytes, collapsible: nil)
  }

  // MARK: Reading what was stored or is imported

  private static let audienceMember = "allowedAudiences"
  private static let createdMember = "createdDateTime"

  /// The photo that an import line gives; nil when it is none. Without an audience or a time it has the given ones.
  static func imported(_ json: [UInt8], of user: UserID, audience: Audience, now: DateTimeOffset) -> StoredItem? {
    guard let members = Members(json), let photo = PhotoContent(json).sizes.flatMap(EncodedPhoto.init) else {
      return nil
    }
    return item(
      of: user, photo, for: members.audience ?? audience, created: members.created ?? now, version: .unwritten)
  }

  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is a photo and the
  /// parts beside it agree with it.
  public static func fault(_ item: StoredItem) -> String? {
    guard let members = Members(item.json), PhotoContent(item.json).sizes.flatMap(EncodedPhoto.init) != nil else {
      return "The JSON is not a photo."
    }
    guard members.id?.hasSameBytes(as: item.key.id.text) == true else { return "The id in the JSON is not the key." }
    guard members.audience == item.audience else { return "The audience beside the JSON is another than in it." }
    guard members.created == item.created else { return "The time of creation beside the JSON is another than in it." }
    return nil
  }

  /// The members beside the files.
  private struct Members {
    var id: String?
    var audience: Audience?
    var created: DateTimeOffset?

    /// Nil when the JSON is not an object, or when a member is not of its type.
    init?(_ json: [UInt8]) {
      let members = json.withUnsafeBufferPointer { bytes in
        var members = Members()
        return members.read(bytes) ? members : nil
      }
      guard let members else { return nil }
      self = members
    }

    private init() {}

    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      var reader = JSONReader(bytes)
      do {
        try reader.beginObject()
        while let name = try reader.nextName() {
          switch name.string {
          case "id" where id == nil: id = try reader.readString().string
          case audienceMember where audience == nil:
            guard let read = Audience(named: try reader.readString().string) else { return false }
            audience = read
          case createdMember where created == nil: created = try DateTimeOffset(try reader.readString().utf8)
          case PhotoContent.sizesMember: try reader.skipValue()
          default: return false
          }
        }
        try reader.finish()
      } catch {
        return false
      }
      return true
    }
  }
}

/// The photo of a group as a store keeps it. It has no audience: whoever may read groups sees it with the group.
public struct StoredGroupPhoto: Equatable, Sendable {
  /// The group.
  public let group: GroupID
  /// The version, which every write replaces.
  public let version: Version
  /// The photo as one JSON object.
  public let json: [UInt8]

  /// A photo from the parts that a store reads.
  public init(group: GroupID, version: Version, json: [UInt8]) {
    self.group = group
    self.version = version
    self.json = json
  }

  /// A photo in these sizes.
  init(group: GroupID, version: Version, _ photo: EncodedPhoto) {
    var json = JSONWriter(capacity: photo.json.count + 32)
    json.beginObject()
    json.name(PhotoContent.sizesMember)
    json.raw(photo.json)
    json.endObject()
    self.init(group: group, version: version, json: json.bytes)
  }

  /// The photo that an import line gives; nil when it is none.
  init?(imported json: [UInt8], of group: GroupID) {
    guard let photo = PhotoContent(json).sizes.flatMap(EncodedPhoto.init) else { return nil }
    self.init(group: group, version: .unwritten, photo)
  }

  /// The same photo with another version.
  public func with(_ version: Version) -> StoredGroupPhoto {
    StoredGroupPhoto(group: group, version: version, json: json)
  }

  /// What is wrong with the stored form, as a sentence without any of its values; nil when the JSON is a photo.
  public var fault: String? {
    PhotoContent(json).sizes.flatMap(EncodedPhoto.init) == nil ? "The JSON is not a photo." : nil
  }
}
