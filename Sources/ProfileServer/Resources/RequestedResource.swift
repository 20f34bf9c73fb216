import OData
import Profiles

/// The resource that the path of a request names, with the keys and properties in the path.
struct RequestedResource {
  /// The entity that the path names, with its keys.
  enum Subject {
    /// The service as a whole.
    case service
    case person(OwnerReference)
    case collection(OwnerReference, NavigationProperty)
    case item(OwnerReference, NavigationProperty, ItemID)
    case group(GroupID)
    case member(UserID, GroupID)
    /// A directory object by its id, the form that references use.
    case directoryObject(UserID)
  }

  /// The service version.
  let version: ResourcePath.ServiceVersion
  /// nil for a path of the model that the service does not offer.
  let resource: Resource?
  /// The entity that the path names.
  let subject: Subject
  /// The path to a property of the subject; empty for the subject itself.
  let properties: [Property]

  /// Parses a path and finds its resource. Throws the error of a path that the model does not have, and
  /// `GraphError.malformedID` for a key that no entity can have.
  init(path bytes: [UInt8]) throws(GraphError) {
    let path: ResourcePath
    do throws(PathError) {
      path = try ResourcePath(bytes, model: ProfileModel.model)
    } catch {
      throw GraphError(error)
    }
    self = try ResourceTable.tree.resource(at: path)
  }

  /// A requested resource from its parts.
  init(
    _ version: ResourcePath.ServiceVersion, _ resource: Resource?, _ subject: Subject, _ properties: [Property]
  ) {
    self.version = version
    self.resource = resource
    self.subject = subject
    self.properties = properties
  }

  /// The type against which query options are parsed.
  var type: StructuredType {
    switch subject {
    case .collection(_, let collection), .item(_, let collection, _): collection.target
    case .service, .person, .group, .member, .directoryObject: resource?.type ?? ProfileModel.user
    }
  }
}
