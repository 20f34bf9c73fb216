import NIOCore
import NIOHTTP1
import OData
import Profiles

/// A request that is being handled, with what has been read of it so far. Owned by one event loop.
final class Exchange {
  /// The request.
  let request: GraphRequest
  /// The ids of the request.
  let identity: RequestIdentity
  /// When the request was complete.
  let started: NIODeadline
  /// Receives the response, once.
  let then: (GraphResponse) -> Void
  /// The preferences of the client.
  private(set) lazy var preferences = Preferences(request.headers)
  /// The service version. Set when the path is read.
  var version = ResourcePath.ServiceVersion.beta
  /// The label in metrics and logs. Set when the path is read.
  var label = RouteLabel.unknown
  /// Whether errors have the codes of the directory. Set when the path is read.
  var isDirectory = false
  /// Set when the query is read.
  var options = QueryOptions()
  /// Set when the header fields are read.
  var representation = Representation()

  /// The exchange of a request that was complete at `started`.
  init(
    request: GraphRequest, identity: RequestIdentity, started: NIODeadline, then: @escaping (GraphResponse) -> Void
  ) {
    self.request = request
    self.identity = identity
    self.started = started
    self.then = then
  }
}
