import OData

/// The operations as one thread runs them. Not Sendable: owned by the thread that it was made for, and every answer
/// comes back on that thread, either before the call returns or later.
public final class ProfileSession {
  /// Where an answer goes.
  public typealias Completion<Answer> = (Result<Answer, ProfileError>) -> Void

  let service: ProfileService
  let reader: any ProfileReader
  let resume: Resume
  /// Tenants that were found. None is ever taken away, so that they need not be looked for again.
  var knownTenants = Set(TenantID.builtIn)

  init(service: ProfileService, reader: any ProfileReader, resume: @escaping Resume) {
    self.service = service
    self.reader = reader
    self.resume = resume
  }

  /// Runs many operations at once, whose reads may share one snapshot.
  public func withSnapshot(_ body: () -> Void) { reader.withSnapshot(body) }

  var environment: ServiceEnvironment { service.environment }

  /// Where queries go on that are too much work for this thread.
  var evaluations: EvaluationQueue { service.evaluations }

  /// Submits a write and brings its answer back to this thread.
  func submit(
    _ operation: any ItemOperation, prepared: PreparedChange? = nil, _ then: @escaping Completion<ItemOutcome>
  ) {
    submit(then) { .item(operation, prepared, $0) }
  }

  /// The same for a creation that carries a receipt.
  func submit(_ operation: any ItemOperation, once receipt: IdempotencyReceipt, _ then: @escaping Completion<Once<ItemOutcome>>) {
    submit(then) { .createItem(operation, receipt, $0) }
  }

  /// The same for the creation of a person.
  func submit(
    _ operation: any PersonOperation, once receipt: IdempotencyReceipt, _ then: @escaping Completion<Once<PersonOutcome>>
  ) {
    submit(then) { .createPerson(operation, receipt, $0) }
  }

  /// The same for the creation of a group, or of memberships.
  func submit(
    _ operation: any GroupOperation, once receipt: IdempotencyReceipt, _ then: @escaping Completion<Once<GroupOutcome>>
  ) {
    submit(then) { .createGroup(operation, receipt, $0) }
  }

  /// The same for writes that are applied together or not at all.
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

  private func submit<Outcome: Sendable>(
    _ then: @escaping Completion<Outcome>,
    _ write: (@escaping @Sendable (Result<Outcome, ProfileError>) -> Void) -> StoreWrite
  ) {
    let confined = ThreadConfined(value: then)
    let resume = resume
    service.store.submit(write { result in resume { confined.value(result) } })
  }

  /// Who acts, at this moment or at `time`, in one write.
  func stamp(_ caller: Caller, at time: DateTimeOffset? = nil) -> WriteStamp {
    WriteStamp(caller: caller, time: time ?? environment.now(), version: environment.makeVersion())
  }
}
