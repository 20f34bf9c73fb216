import OData
import Profiles

/// What is known of a tenant. A class, because reads pass it on, and the parts of the settings would be counted one by
/// one.
final class KnownTenant {
  /// The version of the tenant's row.
  let version: Int64
  /// What the tenant decided.
  let decided: TenantSettings
  /// What holds in the tenant: what it decided, completed by the defaults.
  let completed: TenantSettings

  fileprivate init(version: Int64, decided: TenantSettings, completed: TenantSettings) {
    self.version = version
    self.decided = decided
    self.completed = completed
  }
}

/// Settings of tenants that one connection has read, and the policy that holds where a tenant decided nothing itself.
struct TenantSettingsCache {
  private let policyDefaults: [TenantID: TenantPolicy]
  /// Each is used only while the row of the tenant has that version.
  private var known: [TenantID: KnownTenant] = [:]
  /// The one of `known` that was asked for last, and mostly is again.
  private var last: KnownTenant?

  /// An empty cache. `policyDefaults` completes the policies of these tenants.
  init(_ policyDefaults: [TenantID: TenantPolicy]) { self.policyDefaults = policyDefaults }

  /// What is known of a tenant, if it was read at this version of its row.
  mutating func tenant(_ id: TenantID, at version: Int64) -> KnownTenant? {
    if last?.decided.id != id {
      guard let found = known[id] else { return nil }
      last = found
    }
    return last?.version == version ? last : nil
  }

  /// Keeps what was read of a tenant, and returns it; nil when there is no such tenant. At most
  /// `Limits.rememberedTenantsMax` are kept.
  mutating func keep(_ read: (version: Int64, settings: TenantSettings)?, of id: TenantID) -> KnownTenant? {
    if known.count >= Limits.rememberedTenantsMax { known.removeAll() }
    last = read.map { tenant(version: $0.version, $0.settings) }
    known[id] = last
    return last
  }

  /// Forgets what was read. After a rollback a version may come again with other settings.
  mutating func forget() {
    known.removeAll()
    last = nil
  }

  /// A tenant that decided this, at a version of its row.
  func tenant(version: Int64, _ decided: TenantSettings) -> KnownTenant {
    KnownTenant(version: version, decided: decided, completed: completed(decided))
  }

  /// What holds in a tenant: what it decided, completed by the defaults.
  func completed(_ settings: TenantSettings) -> TenantSettings {
    guard let policy = policyDefaults[settings.id] else { return settings }
    var completed = settings
    completed.policy = settings.policy.completed(by: policy)
    return completed
  }
}

extension ItemOwner {
  /// An owner and how `viewer` relates to them. `known` is what is known of the owner's tenant; without a viewer only
  /// its policy counts.
  init(
    tenant: TenantID, displayName: String?, _ known: KnownTenant?, viewer: TenantUser?, sharesGroup: Bool,
    listed: Audience
  ) {
    let policy = known?.completed.policy ?? TenantPolicy()
    guard let viewer else {
      self.init(tenant: tenant, displayName: displayName, relation: OwnerRelation(policy: policy))
      return
    }
    let relation = OwnerRelation(
      policy: policy, isFederated: known?.completed.federatedWith.contains(viewer.tenant) ?? false,
      sharesGroup: sharesGroup,
      listed: listed)
    self.init(tenant: tenant, displayName: displayName, relation: relation)
  }
}
