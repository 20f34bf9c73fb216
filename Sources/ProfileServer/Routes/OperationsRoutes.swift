import HTTPTypes
import Hummingbird
import NIOCore
import OData
import Profiles

/// What operators ask a server: is it alive, may it get requests, what does it count.
struct OperationsRoutes: Sendable {
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
  let records: [DirectoryRecord]

  func add(to router: Router<BasicRequestContext>) {
    router.post("/_facet/reset") { _, _ in
      let result = await withCheckedContinuation { continuation in
        service.replaceAll(with: records) { continuation.resume(returning: $0) }
      }
      switch result {
      case .success: return Response(status: .noContent)
      case .failure: return Response(status: .serviceUnavailable)
      }
    }
  }
}
