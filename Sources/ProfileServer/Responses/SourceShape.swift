import NIOHTTP1
import OData

/// How a `source.type` with one element is shown in responses. Only this file decides it.
///
/// Graph's page on updating an itemPhone shows a string; the models of today's SDKs can only read a collection.
public enum SourceShape: String, CaseIterable, Sendable {
  /// As the client can read it, judged by `User-Agent` and `SdkVersion`.
  case auto
  /// Always as a string.
  case string
  /// Always as a collection.
  case collection

  /// Whether the response to a request with these header fields shows a single element as a string.
  func showsSingleElement(for headers: RequestFields) -> Bool {
    switch self {
    case .string: true
    case .collection: false
    case .auto: !Self.readsCollectionsOnly(headers)
    }
  }

  private static func readsCollectionsOnly(_ headers: RequestFields) -> Bool {
    // Both fields name several products, and proxies and layered clients add fields of their own, so all are examined.
    headers["SdkVersion"].contains { $0.lowercased().hasPrefix("graph-") }
      || headers["User-Agent"].contains(where: namesSuchClient)
  }

  private static func namesSuchClient(_ agent: String) -> Bool {
    agent.split(separator: " ").contains { product in
      product.hasPrefix("kiota-") || product.contains("PowerShell") || product.contains("HashiCorp")
    }
  }
}
