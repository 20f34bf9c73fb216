import OData
import Profiles

/// The resource that a path names, with the keys and properties in the path.
struct RequestedResource {
  /// Whose resource it is, as far as the path says so.
  enum Subject {
    /// Nobody's in particular.
    case service
    case person(OwnerReference)
    case collection(OwnerReference, NavigationProperty)
    case item(OwnerReference, NavigationProperty, ItemID)
    case group(GroupID)
    case member(UserID, GroupID)
    /// A person, by their id in the directory: the form that references use.
    case directoryObject(UserID)
  }

  let version: ResourcePath.ServiceVersion
  /// nil for a path that the model has and the service does not offer.
  let resource: Resource?
  let subject: Subject
  /// The path to a property of the subject; empty for the subject itself.
  let properties: [Property]

  /// Reads a path and finds its resource. Throws when the path cannot be read, or holds a key that no entity can have.
  init(path bytes: [UInt8]) throws(GraphError) {
    let path: ResourcePath
    do throws(PathError) {
      path = try ResourcePath(bytes, model: ProfileModel.model)
    } catch {
      throw GraphError(error)
    }
    self = try ResourceTable.tree.resource(at: path)
  }

  /// The resource `resource` as a request named it.
  init(
    _ version: ResourcePath.ServiceVersion, _ resource: Resource?, _ subject: Subject, _ properties: [Property]
  ) {
    self.version = version
    self.resource = resource
    self.subject = subject
    self.properties = properties
  }

  /// The type that query options are read against.
  var type: StructuredType {
    switch subject {
    case .collection(_, let collection), .item(_, let collection, _): collection.target
    case .service, .person, .group, .member, .directoryObject: resource?.type ?? ProfileModel.user
    }
  }
}
