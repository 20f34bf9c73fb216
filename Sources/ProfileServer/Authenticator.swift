import NIOCore
import NIOHTTP1
import Profiles

struct Authenticator {
  func authenticate(_ request: GraphRequest, _ then: @escaping (Result<Caller, GraphError>) -> Void) {}
}
