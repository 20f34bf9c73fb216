import OData
import Profiles

/// Settings of tenants that one connection has read, and the policy that holds where a tenant decided nothing itself.
struct TenantSettingsCache {
  private let policyDefaults: [TenantID: TenantPolicy]
  /// Each is used only while the row of the tenant has that version.
  private var known: [TenantID: (version: Int64, settings: TenantSettings)] = [:]

  /// An empty cache. `policyDefaults` completes the policies of these tenants.
  init(_ policyDefaults: [TenantID: TenantPolicy]) { self.policyDefaults = policyDefaults }

  /// What a tenant decided, if that was read at this version of its row.
  func settings(of id: TenantID, at version: Int64) -> TenantSettings? {
    guard let known = known[id], known.version == version else { return nil }
    return known.settings
  }

  /// Keeps what was read of a tenant; nil when there is no such tenant. At most `Limits.rememberedTenantsMax` are kept.
  mutating func keep(_ read: (version: Int64, settings: TenantSettings)?, of id: TenantID) {
    if known.count >= Limits.rememberedTenantsMax { known.removeAll() }
    known[id] = read
  }

  /// Forgets what was read. After a rollback a version may come again with other settings.
  mutating func forget() { known.removeAll() }

  /// What holds in a tenant: what it decided, completed by the defaults.
  func completed(_ settings: TenantSettings) -> TenantSettings {
    guard let policy = policyDefaults[settings.id] else { return settings }
    var completed = settings
    completed.policy = settings.policy.completed(by: policy)
    return completed
  }
}

extension ItemOwner {
  /// An owner and how `viewer` relates to them. `settings` are what holds in the owner's tenant; without a viewer only
  /// its policy counts.
  init(
    tenant: TenantID, displayName: String?, settings: TenantSettings?, viewer: TenantUser?, sharesGroup: Bool,
    listed: Audience
  ) {
    let policy = settings?.policy ?? TenantPolicy()
    guard let viewer else {
      self.init(tenant: tenant, displayName: displayName, relation: OwnerRelation(policy: policy))
      return
    }
    let relation = OwnerRelation(
      policy: policy, isFederated: settings?.federatedWith.contains(viewer.tenant) ?? false, sharesGroup: sharesGroup,
      listed: listed)
    self.init(tenant: tenant, displayName: displayName, relation: relation)
  }
}
