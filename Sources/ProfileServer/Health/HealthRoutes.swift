import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// What operators ask a server: is it alive, may it get requests, what does it count.
struct HealthRoutes: Sendable {
  let service: ProfileService
  let metrics: ServerMetrics
  /// Samples of the store.
  let storeMetrics: @Sendable () -> [PrometheusLine]

  func add(to router: Router<BasicRequestContext>) {
    router.get("/healthz") { _, _ in Self.text(.ok, "ok\n") }
    router.get("/readyz") { _, _ in readiness() }
    router.get("/metrics") { _, _ in
      Self.text(.ok, metrics.prometheusText(storeMetrics()), "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  /// Ready means that reads and writes work; the reason of a no is a sentence without data.
  private func readiness() -> Response {
    var json = JSONWriter()
    json.beginObject()
    let health = service.health
    switch health {
    case .healthy: json.member("status", "ready")
    case .refusingWrites(let reason):
      json.member("status", "refusing writes")
      json.member("reason", reason)
    }
    json.endObject()
    return Response(
      status: health == .healthy ? .ok : .serviceUnavailable,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
  }

  private static func text(
    _ status: HTTPResponse.Status, _ text: String, _ type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// The demo's clean start, for tests. These routes exist under `--demo` and nowhere else.
struct DemoRoutes: Sendable {
  let service: ProfileService
  let demo: DemoSettings

  /// Adds the routes below `/_facet` to that group, which has the demo's guard before it.
  func add(to routes: RouterGroup<BasicRequestContext>) {
    routes.post("/reset") { request, _ in
      guard demo.mayReset else { return ErrorAnswer.response(.resetOfOtherData, request) }
      let result = await withCheckedContinuation { continuation in
        service.replaceAll(with: demo.lines) { continuation.resume(returning: $0) }
      }
      switch result {
      case .success: return Response(status: .noContent)
      case .failure(let error): return ErrorAnswer.response(GraphError(error), request)
      }
    }
  }
}

/// Graph's error envelope for routes that are not Graph's.
enum ErrorAnswer {
  static func response(_ error: GraphError, _ request: Request) -> Response {
    var source = RequestIDGenerator()
    let identity = source.identity(clientRequestID: request.headers[.clientRequestID])
    let body = error.body(identity: identity, date: SystemClock.now())
    var headers: HTTPFields = [.contentType: "application/json", .accessControlAllowOrigin: "*"]
    headers[.requestID] = identity.requestID
    headers[.clientRequestID] = identity.clientRequestID
    return Response(
      status: HTTPResponse.Status(code: Int(error.status.code)), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension HTTPField.Name {
  static let requestID = HTTPField.Name("request-id") ?? .expect
  static let clientRequestID = HTTPField.Name("client-request-id") ?? .expect
}
