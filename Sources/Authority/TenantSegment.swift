import OData
public import Profiles

/// The tenant that the first segment of the authority's URLs names.
public enum TenantSegment: Equatable, Sendable {
  /// One tenant, by its GUID.
  case tenant(TenantID)
  /// `common`, `organizations` or `consumers`, which only discovery accepts.
  case anyOf(String)

  /// The meaning of a segment; nil when it is neither a GUID nor one of the three words.
  public init?(_ text: String) {
    let word = text.lowercased()
    if ["common", "organizations", "consumers"].contains(word) {
      self = .anyOf(word)
    } else if Self.isGUID(word), let tenant = TenantID(word) {
      self = .tenant(tenant)
    } else {
      return nil
    }
  }

  private static func isGUID(_ text: String) -> Bool {
    let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return groups.map(\.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy { $0.allSatisfy { Hexadecimal.value(of: $0) != nil } }
  }

  /// The segment as URLs spell it.
  public var text: String {
    switch self {
    case .tenant(let tenant): tenant.text
    case .anyOf(let word): word
    }
  }

  /// The tenant in the name of an issuer. A word that stands for several tenants gives Entra's template.
  public var issuerText: String {
    switch self {
    case .tenant(let tenant): tenant.text
    case .anyOf("consumers"): TenantID.personalAccounts.text
    case .anyOf: "{tenantid}"
    }
  }
}
