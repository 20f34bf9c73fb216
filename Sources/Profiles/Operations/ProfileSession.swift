/// Receives the answer of an operation, on the thread of the session that the operation was called on.
public typealias Completion<Answer> = (Result<Answer, ProfileError>) -> Void

/// The operations of the profile domain on one thread, grouped by what they work on.
///
/// Not Sendable: the thread that a session was made for owns it. Every completion runs on that thread, either before
/// the call returns or later.
public final class ProfileSession {
  /// People as entries of the directory.
  public let users: UserOperations
  /// Groups and memberships.
  public let groups: GroupOperations
  /// Items of a profile, one by one or as a changeset.
  public let items: ItemOperations
  /// Profiles as a whole.
  public let profiles: ProfileOperations
  /// The audit logs of people.
  public let auditLog: AuditLogOperations

  let context: SessionContext

  init(context: SessionContext) {
    self.context = context
    users = UserOperations(context: context)
    groups = GroupOperations(context: context)
    items = ItemOperations(context: context)
    profiles = ProfileOperations(context: context)
    auditLog = AuditLogOperations(context: context)
  }

  /// Succeeds when the store has the tenant of the caller's token. Fails with `ProfileError.unknownTenant` otherwise.
  /// Answers at once for a tenant that this session has met before.
  public func admit(_ caller: Caller, _ then: @escaping Completion<Void>) {
    context.authorization.admit(caller, then)
  }

  /// Runs `body`. The reads that it starts share one snapshot of the store, as far as they finish before it returns.
  public func withSnapshot(_ body: () -> Void) { context.reader.withSnapshot(body) }
}
