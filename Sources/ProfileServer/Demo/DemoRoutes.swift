import Hummingbird
import NIOHTTP1
public import Profiles

/// The settings of a demo.
public struct DemoSettings: Sendable {
  /// The data of a reset.
  let lines: [ImportLine]
  /// Whether the data directory was created by a demo.
  let mayReset: Bool
  /// Whether other machines may use the demo.
  let isReachedFromAnywhere: Bool

  /// Settings with the data of a reset. `mayReset` says that the data directory was created by a demo, and
  /// `isReachedFromAnywhere` that other machines may use the demo (`--demo-anywhere`).
  public init(lines: [ImportLine], mayReset: Bool, isReachedFromAnywhere: Bool) {
    self.lines = lines
    self.mayReset = mayReset
    self.isReachedFromAnywhere = isReachedFromAnywhere
  }
}

/// Resets the demo to its initial data, for tests. The route exists only under `--demo`.
struct DemoRoutes: Sendable {
  let service: ProfileService
  let demo: DemoSettings

  /// Adds the route to the group of `/_facet`, which `DemoGuard` protects.
  func add(to routes: RouterGroup<BasicRequestContext>) {
    routes.post("/reset") { request, _ in
      guard demo.mayReset else { return GraphError.resetOfOtherData.response(to: request) }
      let result = await withCheckedContinuation { continuation in
        service.replaceAll(with: demo.lines) { continuation.resume(returning: $0) }
      }
      switch result {
      case .success: return Response(status: .noContent)
      case .failure(let error): return GraphError(error).response(to: request)
      }
    }
  }
}
