import Profiles

/// The routes of one area: methods that start operations and finish their responses. The event loop of the session owns
/// it.
class RouteGroup {
  final let session: ProfileSession
  final let requests: RequestReader
  final let responses: ResponseFinisher

  /// Routes that run the operations of `session`.
  init(session: ProfileSession, requests: RequestReader, responses: ResponseFinisher) {
    self.session = session
    self.requests = requests
    self.responses = responses
  }
}
