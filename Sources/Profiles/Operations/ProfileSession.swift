import OData

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
  /// Who is a member of what.
  public let memberships: MembershipOperations
  /// People and groups by their ids.
  public let directoryObjects: DirectoryObjectOperations
  /// Items of a profile, one by one or as a changeset.
  public let items: ItemOperations
  /// Profiles as a whole.
  public let profiles: ProfileOperations
  /// The people who stand near a person.
  public let people: PeopleOperations
  /// What a tenant decided about its people.
  public let peopleSettings: PeopleSettingsOperations
  /// The audit logs of people.
  public let auditLog: AuditLogOperations
  /// The organisation of the caller's tenant.
  public let organizations: OrganizationOperations
  /// The photos of people and groups.
  public let photos: PhotoOperations

  /// Whether operations on items fail by themselves where the caller's account is disabled, so that `checkAccount` need
  /// not come before them.
  public let itemsCheckAccounts: Bool

  let context: SessionContext

  init(context: SessionContext) {
    self.context = context
    itemsCheckAccounts = context.reader.itemsCheckAccounts
    users = UserOperations(context: context)
    groups = GroupOperations(context: context)
    memberships = MembershipOperations(context: context)
    directoryObjects = DirectoryObjectOperations(context: context)
    items = ItemOperations(context: context)
    profiles = ProfileOperations(context: context)
    people = PeopleOperations(context: context)
    peopleSettings = PeopleSettingsOperations(context: context)
    auditLog = AuditLogOperations(context: context)
    organizations = OrganizationOperations(context: context)
    photos = PhotoOperations(context: context)
  }

  /// Succeeds when the store has the tenant of the caller's token. Fails with `ProfileError.unknownTenant` otherwise.
  /// Answers at once for a tenant that this session has met before.
  public func admit(_ caller: Caller, _ then: @escaping Completion<Void>) {
    context.authorization.admit(caller, then)
  }

  /// Whether it is known without a read that the caller is an application, or a person whose account is enabled. Nearly every
  /// request of a store in this process ends here.
  public func isKnownEnabled(_ caller: Caller) -> Bool { caller.userID.map(context.reader.isKnownEnabled) ?? true }

  /// Succeeds unless the account of the person behind the caller is disabled. Fails with `StoreError.accountDisabled`
  /// then.
  public func checkAccount(of caller: Caller, _ then: @escaping Completion<Void>) {
    guard let user = caller.userID else { return then(.success(())) }
    context.reader.isDisabled(TenantUser(user: user, tenant: caller.tenant)) { isDisabled in
      then(isDisabled.flatMap { $0 ? .failure(.accountDisabled) : .success(()) }.mapError(ProfileError.store))
    }
  }

  /// Runs `body`. The reads that it starts share one snapshot of the store, as far as they finish before it returns.
  public func withSnapshot(_ body: () -> Void) { context.reader.withSnapshot(body) }
}

/// What the operations of one session share: the store's reader for the session's thread, the way to the writer and
/// back, and the environment.
final class SessionContext {
  let service: ProfileService
  let reader: any ProfileReader
  let resume: Resume
  /// Tenants that were found in the store. Tenants are never deleted, so they need not be looked up again.
  var knownTenants = Set(TenantID.builtIn)
  /// The last caller whose tenant was found in `knownTenants`.
  @exclusivity(unchecked) var lastAdmitted: Caller?

  init(service: ProfileService, reader: any ProfileReader, resume: @escaping Resume) {
    self.service = service
    self.reader = reader
    self.resume = resume
  }

  var environment: ServiceEnvironment { service.environment }

  /// Runs the part of a query that is too much work for this thread.
  var evaluations: EvaluationQueue { service.evaluations }

  /// Decides whether callers may do what they ask for.
  var authorization: CallerAuthorization { CallerAuthorization(context: self) }

  /// Adds callers to the directory on their first call.
  var provisioning: CallerProvisioning { CallerProvisioning(context: self) }

  /// Finds the people that requests name.
  var people: PersonResolution { PersonResolution(context: self) }

  /// The stamp of one write by `caller`, now unless `time` is given.
  func stamp(_ caller: Caller, at time: DateTimeOffset? = nil) -> WriteStamp {
    WriteStamp(caller: caller, time: time ?? environment.now(), version: environment.makeVersion())
  }
}

// MARK: Submitting writes

extension SessionContext {
  /// Submits a write of one item and brings its outcome back to the session's thread.
  func submit(_ operation: any ItemOperation, _ then: @escaping Completion<ItemOutcome>) {
    submit(then) { .item(operation, $0) }
  }

  /// The same for the creation of an item under an idempotency receipt.
  func submit(
    _ operation: any ItemOperation, once receipt: IdempotencyReceipt,
    _ then: @escaping Completion<IdempotentOutcome<ItemOutcome>>
  ) {
    submit(then) { .createItem(operation, receipt, $0) }
  }

  /// The same for the creation of a person under an idempotency receipt.
  func submit(
    _ operation: any PersonOperation, once receipt: IdempotencyReceipt,
    _ then: @escaping Completion<IdempotentOutcome<PersonOutcome>>
  ) {
    submit(then) { .createPerson(operation, receipt, $0) }
  }

  /// The same for the creation of a group or of memberships under an idempotency receipt.
  func submit(
    _ operation: any GroupOperation, once receipt: IdempotencyReceipt,
    _ then: @escaping Completion<IdempotentOutcome<GroupOutcome>>
  ) {
    submit(then) { .createGroup(operation, receipt, $0) }
  }

  /// The same for writes of items that are applied all or none.
  func submit(_ operations: [any ItemOperation], _ then: @escaping Completion<ChangesetOutcome>) {
    submit(then) { .atomic(operations, $0) }
  }

  /// The same for a write of one group.
  func submit(_ operation: any GroupOperation, _ then: @escaping Completion<GroupOutcome>) {
    submit(then) { .group(operation, $0) }
  }

  /// The same for a write of one person.
  func submit(_ operation: any PersonOperation, _ then: @escaping Completion<PersonOutcome>) {
    submit(then) { .person(operation, $0) }
  }

  /// The same for a write of what a tenant decided.
  func submit(_ operation: any TenantOperation, _ then: @escaping Completion<TenantSettings>) {
    submit(then) { .tenant(operation, $0) }
  }

  private func submit<Outcome: Sendable>(
    _ then: @escaping Completion<Outcome>,
    _ write: (@escaping @Sendable (Result<Outcome, ProfileError>) -> Void) -> StoreWrite
  ) {
    let confined = ThreadConfined(value: then)
    let resume = resume
    service.store.submit(write { result in resume { confined.value(result) } })
  }
}
