import NIOCore
import NIOHTTP1
import OData
import Profiles

/// One request under way, and what is known of it so far. Owned by one event loop.
final class Exchange {
  let request: GraphRequest
  let identity: RequestIdentity
  /// When the whole request was there.
  let started: NIODeadline
  /// Takes the answer, once.
  let then: (GraphResponse) -> Void
  /// What the client prefers.
  private(set) lazy var preferences = Preferences(request.headers)
  /// Known once the path was read.
  var version = ResourcePath.ServiceVersion.beta
  var label = RouteLabel.unknown
  /// Whether errors carry the codes of the directory.
  var isDirectory = false
  /// Known once the query was read.
  var options = QueryOptions()
  /// Known once the header fields were read.
  var representation = Representation()

  /// A request that came at `started` and is answered to `then`.
  init(
    request: GraphRequest, identity: RequestIdentity, started: NIODeadline, then: @escaping (GraphResponse) -> Void
  ) {
    self.request = request
    self.identity = identity
    self.started = started
    self.then = then
  }
}
