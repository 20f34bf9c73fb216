import NIOHTTP1
import OData

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
    // Both name several products, and proxies and clients in layers add fields of their own, so all of them are read.
    for (name, value) in headers {
      if name.isSameName(as: "SdkVersion"), value.lowercased().hasPrefix("graph-") { return true }
      if name.isSameName(as: "User-Agent"), namesSuchClient(value) { return true }
    }
    return false
  }

  private static func namesSuchClient(_ agent: String) -> Bool {
    agent.split(separator: " ").contains { product in
      product.hasPrefix("kiota-") || product.contains("PowerShell") || product.contains("HashiCorp")
    }
  }
}
