import OData
import Profiles

/// Photos of people and groups.
extension ItemEncoder {
  /// The metadata of a photo in one size as the content of a response.
  func photo(_ photo: VisiblePhoto, _ side: Int, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: 640)
    json.beginObject()
    control("@odata.context", "\(context(of: photo.subject))/photo/$entity", into: &json)
    write(photo, side, selection, into: &json)
    return json.bytes
  }

  /// The metadata of all sizes of a photo as the content of a response; nil stands for no photo.
  func photos(_ photo: VisiblePhoto?, of subject: PhotoSubject, _ caller: Caller, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: 4_096)
    json.beginObject()
    let owner = photo.map { context(of: $0.subject) } ?? context(of: subject, caller)
    let suffix = selection.map { $0.contextSuffix(of: ProfileModel.photo) } ?? ""
    control("@odata.context", "\(owner)/photos\(suffix)", into: &json)
    json.name("value")
    json.beginArray()
    for side in photo?.content.sides ?? [] {
      guard let photo else { break }
      json.element()
      json.beginObject()
      write(photo, side, selection, into: &json)
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }

  /// What stands for a photo that does not exist.
  func photoPlaceholder(_ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.beginObject()
    control("@odata.context", "\(serviceRoot)$metadata#photo/$entity", into: &json)
    control("@odata.mediaContentType", "image/gif", into: &json)
    control("@odata.mediaEtag", "", into: &json)
    control(ProfileModel.photo, nil, into: &json)
    members(VisiblePhoto.placeholder, of: ProfileModel.photo, selection, into: &json)
    return json.bytes
  }

  private func write(_ photo: VisiblePhoto, _ side: Int, _ selection: Selection?, into json: inout JSONWriter) {
    control("@odata.mediaContentType", "image/jpeg", into: &json)
    control("@odata.mediaEtag", photo.version.entityTag, into: &json)
    control(ProfileModel.photo, photo.version, into: &json)
    members(photo.value(side), of: ProfileModel.photo, selection, into: &json)
  }

  /// Encodes the members of a value, all or those that are selected, and closes its object.
  private func members(
    _ value: StructuredValue, of type: StructuredType, _ selection: Selection?, into json: inout JSONWriter
  ) {
    if let selection { return write(value, type, selection, into: &json) }
    var writer = EntityWriter(continuing: json, collapses: false)
    writer.members(value, of: type)
    writer.json.endObject()
    json = writer.json
  }

  private func context(of subject: VisiblePhoto.Subject) -> String {
    switch subject {
    case .person(let user): context(of: user)
    case .group(let id): context(ofGroup: id)
    }
  }

  /// The context of a photo that does not exist: of the person or the group as the request names them.
  private func context(of subject: PhotoSubject, _ caller: Caller) -> String {
    switch subject {
    case .person(.me): caller.userID.map { context(of: $0) } ?? "\(serviceRoot)$metadata#users"
    case .person(.id(let user)): context(of: user)
    case .person(.nameOrID(let name)), .person(.principalName(let name)):
      "\(serviceRoot)$metadata#users('\(quoted(name))')"
    case .group(let id): context(ofGroup: id)
    }
  }

  private func context(ofGroup id: GroupID) -> String { "\(serviceRoot)$metadata#groups('\(quoted(id.text))')" }
}
