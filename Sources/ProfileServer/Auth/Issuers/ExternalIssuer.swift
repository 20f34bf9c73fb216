import OData
public import Profiles

/// An OpenID Connect issuer that an operator trusts.
public struct ExternalIssuer: Sendable {
  let name: IssuerName
  let audiences: Set<BytewiseString>
  /// The tenants that the issuer may speak for.
  public let tenants: Set<TenantID>
  /// Where to find its keys.
  let keySource: KeySource
  /// Hosts that its discovery document may send the server to for keys, wherever their names lead.
  let keyHosts: [HostAndPort]
  /// A file with the certificates to trust when its documents are fetched; nil means the system's.
  let caFile: String?
  let claimNames: ClaimNames

  /// Where an issuer's keys are.
  enum KeySource: Equatable, Sendable {
    /// A discovery document, which names the key document.
    case discovery(EndpointURL)
    case keys(EndpointURL)
  }

  /// The tenant of tokens that name none: with exactly one tenant there is no doubt.
  var onlyTenant: TenantID? { tenants.count == 1 ? tenants.first : nil }

  /// Whether a discovery document may name keys at `origin` whatever address that has: because the operator named the
  /// host, or because the document itself comes from there.
  func trusts(_ origin: URLOrigin, for discovery: URLOrigin) -> Bool {
    origin.isSame(as: discovery)
      || keyHosts.contains { $0.host == origin.host && ($0.port ?? origin.effectivePort) == origin.effectivePort }
  }

  /// Whether a discovery document with this `issuer` is the issuer's own.
  ///
  /// Entra's documents for several tenants hold a template instead of the tenant.
  func matches(discoveredName: String) -> Bool {
    if BytewiseString(discoveredName) == name.exact { return true }
    let parts = discoveredName.split(separator: "{tenantid}", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    return tenants.contains { BytewiseString("\(parts[0])\($0.text)\(parts[1])") == name.exact }
  }
}
