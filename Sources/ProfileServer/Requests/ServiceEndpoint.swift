import NIOHTTP1
import OData

/// The kind of a Graph request, by its path.
enum ServiceEndpoint {
  /// A document that describes the service.
  enum Document {
    /// The service document (OData 4.01 part 1, 11.1.1).
    case service
    /// `$metadata` (OData 4.01 part 1, 11.1.2).
    case metadata
  }

  /// A document of a service version.
  case document(ResourcePath.ServiceVersion, Document)
  /// `$batch` (OData 4.01 part 1, 11.7).
  case batch
  /// A resource of the model.
  case resource

  /// The endpoint of a request. Throws the error of a path that is not percent-encoded correctly.
  init(_ request: GraphRequest) throws(GraphError) {
    let found: (version: ResourcePath.ServiceVersion, segment: String)?
    do throws(PathError) { found = try request.pathBelowRoot() } catch { throw GraphError(error) }
    guard let (version, segment) = found else {
      self = .resource
      return
    }
    switch segment {
    case "$batch": self = .batch
    case "": self = .document(version, .service)
    case "$metadata": self = .document(version, .metadata)
    default: self = .resource
    }
  }
}
