public import OData

/// What a store finds before an operation decides.
public struct ItemState: Equatable, Sendable {
  /// nil when there is no such person.
  public let owner: ItemOwner?
  /// nil when there is no such item.
  public let item: StoredItem?

  /// What is there now.
  public init(owner: ItemOwner?, item: StoredItem?) {
    self.owner = owner
    self.item = item
  }
}

/// What an operation decided.
public enum ItemChange: Equatable, Sendable {
  /// Nothing is to be written.
  case unchanged(StoredItem)
  /// The item is to be as given. The store refuses with `collectionFull` or `personFull` what would exceed
  /// `Limits.itemsPerCollectionMax` or `Limits.personBytesMax`.
  case put(StoredItem, Change)
  /// The item is to go.
  case remove(Change)
}

/// A write of one item, as a pure function of what is there.
public protocol ItemOperation: Sendable {
  /// The item that is written.
  var key: ItemKey { get }
  /// How much of the owner has to be known.
  var authorization: AuthorizationContext { get }
  /// Decides. It may run more than once, on any thread, does no I/O, and keeps nothing.
  func change(_ state: ItemState) throws(ProfileError) -> ItemChange
}

extension ItemOperation {
  /// Nothing more than the owner's tenant and name.
  public var authorization: AuthorizationContext { .everything }
}

/// A decision that was made before the write was queued; it holds only while the item still has that version.
public struct PreparedChange: Sendable {
  public let base: Version
  public let change: ItemChange

  /// What was decided on the version `base`.
  public init(base: Version, change: ItemChange) {
    self.base = base
    self.change = change
  }
}

/// What an operation on a person decided.
public enum PersonChange: Sendable {
  /// Nothing is to be written.
  case unchanged(StoredUser)
  /// The person is to be as given. The store refuses with `principalNameTaken` or `mailTaken` when somebody else of the
  /// tenant has a principal name or mail address that is new for this person, in any case.
  case put(StoredUser, Change)
  /// The person is to go, with all their items. Each item that goes is recorded by what `log` makes of it.
  case remove(Change, log: @Sendable (ItemKey, Version) -> Change)
  /// Items are to go: those of which `isMeant` says so by their collection and audience.
  case removeItems(
    Change, where: @Sendable (String, Audience) -> Bool, log: @Sendable (ItemKey, Version) -> Change)
}

/// What a store finds before an operation on a person decides.
public struct PersonState: Equatable, Sendable {
  /// nil when there is no such person.
  public let person: StoredUser?
  /// How the one whose sight it is stands to them; nil when it was not asked for.
  public let relation: OwnerRelation?

  /// What is there now.
  public init(person: StoredUser?, relation: OwnerRelation? = nil) {
    self.person = person
    self.relation = relation
  }
}

/// A write of one person, as a pure function of what is there.
public protocol PersonOperation: Sendable {
  /// The person who is written.
  var user: UserID { get }
  /// How much of how somebody stands to them has to be known.
  var authorization: AuthorizationContext { get }
  /// Decides. It may run more than once, on any thread, does no I/O, and keeps nothing.
  func change(_ state: PersonState) throws(ProfileError) -> PersonChange
}

extension PersonOperation {
  /// Nothing more than the person.
  public var authorization: AuthorizationContext { .everything }
}

/// What became of a write of one person.
public enum PersonOutcome: Equatable, Sendable {
  case unchanged(StoredUser)
  case written(StoredUser)
  case removed
}

/// What became of a write of one item.
public enum ItemOutcome: Equatable, Sendable {
  case unchanged(StoredItem)
  case written(StoredItem)
  case removed
}

/// The key under which a creation was sent, so that sending it again does not create again. It holds no values: what a
/// client sent is there as digests.
public struct IdempotencyReceipt: Equatable, Sendable {
  /// A digest of the key, of who sent it, and where to.
  public let key: [UInt8]
  /// A digest of what was sent.
  public let body: [UInt8]
  /// When it was sent.
  public let time: DateTimeOffset

  /// A receipt from digests and the time of the request.
  public init(key: [UInt8], body: [UInt8], time: DateTimeOffset) {
    self.key = key
    self.body = body
    self.time = time
  }

  /// When it is forgotten.
  public var expires: DateTimeOffset {
    DateTimeOffset(unixSeconds: time.unixSeconds + Int64(Limits.receiptSeconds))
  }
}

/// What became of a creation that carries a receipt.
public enum Once<Outcome: Sendable>: Sendable {
  case done(Outcome)
  /// The same was sent before; it made what has this id.
  case repeated(String)
}

/// What became of writes that are applied together.
public enum ChangesetOutcome: Sendable {
  /// All were applied, in their order.
  case applied([ItemOutcome])
  /// The one at `index` was refused, and none was applied.
  case refused(index: Int, ProfileError)
}

/// A write that a store is asked for.
public enum StoreWrite: Sendable {
  /// Creates one item, unless its receipt is known; then it is refused with `receiptOfAnother` when the body differs.
  /// The receipt is kept in the transaction of the creation.
  case createItem(any ItemOperation, IdempotencyReceipt, @Sendable (Result<Once<ItemOutcome>, ProfileError>) -> Void)
  /// The same for one person.
  case createPerson(
    any PersonOperation, IdempotencyReceipt, @Sendable (Result<Once<PersonOutcome>, ProfileError>) -> Void)
  /// The same for one group, or for members who are added to it.
  case createGroup(any GroupOperation, IdempotencyReceipt, @Sendable (Result<Once<GroupOutcome>, ProfileError>) -> Void)
  /// Applies operations to items of one person, all or none; each sees what those before it did.
  case atomic([any ItemOperation], @Sendable (Result<ChangesetOutcome, ProfileError>) -> Void)
  /// Applies an operation to one item.
  case item(any ItemOperation, PreparedChange?, @Sendable (Result<ItemOutcome, ProfileError>) -> Void)
  /// Applies an operation to one person.
  case person(any PersonOperation, @Sendable (Result<PersonOutcome, ProfileError>) -> Void)
  /// Applies an operation to one group or one membership.
  case group(any GroupOperation, @Sendable (Result<GroupOutcome, ProfileError>) -> Void)
  /// Replaces everything, the audit log too, by what is given, as an import at a time: the demo's clean start. Of tenants
  /// only the settings are replaced.
  case replaceAll([ImportLine], at: DateTimeOffset, @Sendable (Result<Void, ProfileError>) -> Void)
}
