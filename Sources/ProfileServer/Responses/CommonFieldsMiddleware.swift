import HTTPTypes
import Hummingbird

/// Adds to every response of Hummingbird's routes the ids of the request, an error document of the right form, and CORS
/// preflights.
struct CommonFieldsMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  /// Decides about the paths of the authority.
  let authority: AuthorityRoutes

  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    if Self.isPreflight(request) { return authority.preflight(request) ?? Self.preflight(request) }
    do {
      return Self.identified(try await next(request, context), request)
    } catch let error as any HTTPResponseError where error.status == .notFound {
      if let refusal = authority.refusal(request) { return Self.identified(refusal, request) }
      return GraphError.noSuchRoute.response(to: request)
    } catch let error as any HTTPResponseError where error.status == .methodNotAllowed {
      return GraphError.methodNotAllowed([]).response(to: request)
    }
  }

  private static func identified(_ response: Response, _ request: Request) -> Response {
    guard response.headers[.requestID] == nil else { return response }
    var response = response
    var source = RequestIDGenerator()
    let identity = source.identity(clientRequestID: request.headers[.clientRequestID])
    response.headers[.requestID] = identity.requestID
    response.headers[.clientRequestID] = identity.clientRequestID
    return response
  }

  private static func isPreflight(_ request: Request) -> Bool {
    guard request.method == .options, let method = HTTPField.Name("Access-Control-Request-Method") else { return false }
    return request.headers[method] != nil
  }

  private static func preflight(_ request: Request) -> Response {
    Response(
      status: .noContent,
      headers: [
        .accessControlAllowOrigin: "*", .accessControlAllowMethods: CORS.allowedMethods,
        .accessControlAllowHeaders: CORS.allowedHeaders(for: request.askedHeaders),
      ])
  }
}
