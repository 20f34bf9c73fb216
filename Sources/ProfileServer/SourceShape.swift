import NIOHTTP1

/// How `source.type` is answered when it has one element: the one place that decides it.
///
/// The page that the service follows shows a string; today's SDK models can only read a collection.
public enum SourceShape: String, CaseIterable, Sendable {
  /// As the client can read it.
  case auto
  case string
  case collection

  /// Whether an answer to a request with these headers shows the element alone.
  func showsSingleElement(for headers: HTTPHeaders) -> Bool {
    switch self {
    case .string: true
    case .collection: false
    case .auto: !Self.readsCollectionsOnly(headers)
    }
  }

  private static func readsCollectionsOnly(_ headers: HTTPHeaders) -> Bool {
    if let version = headers.first(name: "SdkVersion"), version.lowercased().hasPrefix("graph-") { return true }
    guard let agent = headers.first(name: "User-Agent") else { return false }
    return agent.split(separator: " ").contains { product in
      product.hasPrefix("kiota-") || product.contains("PowerShell") || product.contains("HashiCorp")
    }
  }
}
