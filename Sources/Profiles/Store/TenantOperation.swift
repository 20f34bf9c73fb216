/// A write of what a tenant decided, as a pure function of what it decided before.
public protocol TenantOperation: Sendable {
  /// The tenant that is written.
  var tenant: TenantID { get }
  /// Decides what to write; nothing is written when nothing changes. It may run more than once, on any thread; it does no
  /// I/O and keeps nothing. Throws the `ProfileError` with which the write is refused.
  func change(_ settings: TenantSettings) throws(ProfileError) -> TenantSettings
  /// The rows of the audit log for a write that changed `old` into `new`, which `change` made of it. They are in the log of
  /// `UserID(decisionsOf: tenant)`.
  func log(from old: TenantSettings, to new: TenantSettings) -> [Change]
}
