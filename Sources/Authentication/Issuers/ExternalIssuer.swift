import OData
public import Profiles

/// An OpenID Connect issuer that the operator trusts.
public struct ExternalIssuer: Sendable {
  let name: IssuerName
  let audiences: Set<BytewiseString>
  /// The tenants that the issuer may speak for.
  public let tenants: Set<TenantID>
  /// Where to find its keys.
  let keySource: KeySource
  /// Hosts that its discovery document may name for keys, whatever addresses they resolve to.
  let keyHosts: [HostAndPort]
  /// The path of a PEM file with the certificate authorities to trust when its documents are fetched; nil means the
  /// system's.
  let caFile: String?
  let claimNames: ClaimNames

  /// Where an issuer's keys are.
  enum KeySource: Equatable, Sendable {
    /// A discovery document, which names the key document.
    case discovery(EndpointURL)
    case keys(EndpointURL)
  }

  /// The tenant of tokens without a tenant claim: the only one, if there is exactly one.
  var onlyTenant: TenantID? { tenants.count == 1 ? tenants.first : nil }

  /// Whether a discovery document may name keys at `origin` whatever address it resolves to: either the operator named
  /// the host, or the document itself comes from there.
  func trusts(_ origin: URLOrigin, for discovery: URLOrigin) -> Bool {
    origin.isSame(as: discovery)
      || keyHosts.contains { $0.host == origin.host && ($0.port ?? origin.effectivePort) == origin.effectivePort }
  }

  /// Whether a discovery document with this `issuer` value belongs to this issuer (OpenID Connect Discovery 1.0 section
  /// 4.3).
  ///
  /// Entra's documents for several tenants contain `{tenantid}` instead of the tenant.
  func matches(discoveredName: String) -> Bool {
    if BytewiseString(discoveredName) == name.exact { return true }
    let parts = discoveredName.split(separator: "{tenantid}", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    return tenants.contains { BytewiseString("\(parts[0])\($0.text)\(parts[1])") == name.exact }
  }
}
