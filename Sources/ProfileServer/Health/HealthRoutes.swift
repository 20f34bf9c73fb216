import HTTPTypes
import Hummingbird
import NIOCore
import OData
import Profiles

/// Routes for operators: liveness, readiness and metrics.
struct HealthRoutes: Sendable {
  let service: ProfileService
  let metrics: ServerMetrics
  /// The metrics of the store.
  let storeMetrics: @Sendable () -> [PrometheusLine]

  /// Adds the routes to a router.
  func add(to router: Router<BasicRequestContext>) {
    router.get("/healthz") { _, _ in Self.text(.ok, "ok\n") }
    router.get("/readyz") { _, _ in readiness() }
    router.get("/metrics") { _, _ in
      Self.text(.ok, metrics.prometheusText(storeMetrics()), "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  /// Ready means that reads and writes work, at least for most people: a load balancer that takes a server away because a
  /// node of the database is away would take all of them away. The reason is a sentence without personal data or hosts.
  private func readiness() -> Response {
    var json = JSONWriter()
    json.beginObject()
    var isReady = true
    switch service.health {
    case .healthy: json.member("status", "ready")
    case .limited(let reason):
      json.member("status", "limited")
      json.member("reason", reason)
    case .refusingWrites(let reason):
      isReady = false
      json.member("status", "refusing writes")
      json.member("reason", reason)
    }
    json.endObject()
    return Response(
      status: isReady ? .ok : .serviceUnavailable,
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
