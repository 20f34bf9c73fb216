public import OData

/// A write that a store is asked for, with the completion that receives its outcome.
public enum StoreWrite: Sendable {
  /// Creates one item, unless its receipt is known. Refused with `idempotencyKeyReused` when it is known with another
  /// body. The receipt is kept in the transaction of the creation.
  case createItem(
    any ItemOperation, IdempotencyReceipt, @Sendable (Result<IdempotentOutcome<ItemOutcome>, ProfileError>) -> Void)
  /// The same for one person.
  case createPerson(
    any PersonOperation, IdempotencyReceipt, @Sendable (Result<IdempotentOutcome<PersonOutcome>, ProfileError>) -> Void)
  /// The same for one group, or for members who are added to it.
  case createGroup(
    any GroupOperation, IdempotencyReceipt, @Sendable (Result<IdempotentOutcome<GroupOutcome>, ProfileError>) -> Void)
  /// Applies operations to items of one person, all or none. Each sees what those before it did.
  case atomic([any ItemOperation], @Sendable (Result<ChangesetOutcome, ProfileError>) -> Void)
  /// Applies an operation to one item.
  case item(any ItemOperation, @Sendable (Result<ItemOutcome, ProfileError>) -> Void)
  /// Applies an operation to one person.
  case person(any PersonOperation, @Sendable (Result<PersonOutcome, ProfileError>) -> Void)
  /// Applies an operation to one group, its photo, or one membership.
  case group(any GroupOperation, @Sendable (Result<GroupOutcome, ProfileError>) -> Void)
  /// Applies an operation to what a tenant decided, and gives what it then decided. Refused with `unknownTenant` when there is
  /// no such tenant.
  case tenant(any TenantOperation, @Sendable (Result<TenantSettings, ProfileError>) -> Void)
  /// Replaces everything, the audit log too, by these lines, as an import at a time would: the demo's clean start. Of
  /// tenants only the settings are replaced.
  case replaceAll([ImportLine], at: DateTimeOffset, @Sendable (Result<Void, ProfileError>) -> Void)
}
