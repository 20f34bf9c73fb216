public import OData

/// A write of one person, as a pure function of what is stored.
public protocol PersonOperation: Sendable {
  /// The person who is written.
  var user: UserID { get }
  /// Whose relation to the person `change` needs to know.
  var authorization: AuthorizationContext { get }
  /// Decides what to write. It may run more than once, on any thread; it does no I/O and keeps nothing. Throws the
  /// `ProfileError` with which the write is refused.
  func change(_ state: PersonState) throws(ProfileError) -> PersonChange
}

extension PersonOperation {
  /// Nobody's: only the person is needed.
  public var authorization: AuthorizationContext { .everything }
}

/// What a store finds before an operation on a person decides.
public struct PersonState: Equatable, Sendable {
  /// nil when there is no such person.
  public let person: StoredUser?
  /// The requester's relation to the person; nil when the operation does not ask for it.
  public let relation: OwnerRelation?

  /// The state of one person.
  public init(person: StoredUser?, relation: OwnerRelation? = nil) {
    self.person = person
    self.relation = relation
  }
}

/// What an operation on a person decided.
public enum PersonChange: Sendable {
  /// Write nothing.
  case unchanged(StoredUser)
  /// Store the person as given, and the row in the audit log. The store refuses with `principalNameTaken` or
  /// `mailTaken` when another person of the tenant has the principal name or mail address, in any case, and it is new
  /// for this person.
  case put(StoredUser, Change)
  /// Do the other change, which writes the person or nothing, and make somebody of a tenant, the person's, their manager; nil
  /// takes the manager away. The store refuses both with `userNotFound` when the manager is not of the tenant, with
  /// `managerNotFound` when there is none to take away, and with `managerCircle` or `tooManyManagers`. `log` makes a row of
  /// the audit log for who is the manager no longer, and one for who is it from now on.
  indirect case setManager(
    UserID?, in: TenantID, log: @Sendable (Change.Kind, UserID) -> Change, after: PersonChange)
  /// Delete the person with all their items. `log` makes the row of the audit log for each item that is deleted.
  case remove(Change, log: @Sendable (ItemKey, Version) -> Change)
  /// Delete the items for whose collection and audience the predicate holds. `log` makes the row of the audit log for
  /// each.
  case removeItems(
    Change, where: @Sendable (String, Audience) -> Bool, log: @Sendable (ItemKey, Version) -> Change)
}

/// The outcome of a write of one person.
public enum PersonOutcome: Equatable, Sendable {
  /// Nothing was written; the person as they are.
  case unchanged(StoredUser)
  /// The person as they were written.
  case written(StoredUser)
  /// The person, or the items that the operation named, were deleted.
  case removed
}
