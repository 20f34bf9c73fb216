public import OData

/// Runs work on the thread that a reader belongs to. It may be called from any thread.
public typealias Resume = @Sendable (@escaping @Sendable () -> Void) -> Void

/// Where people and their items are kept.
///
/// Contract, shown by `StoreConformance` for every store:
/// - a write is acknowledged only when it would survive the loss of power;
/// - a write is applied to the item as it is at that moment, alone or not at all, and its change is recorded in
///   the same transaction;
/// - what was acknowledged is seen by every read that begins afterwards, on every reader;
/// - a refused or failed write leaves others of the same group untouched;
/// - after `close` every call fails with `StoreError.closed`.
public protocol ProfileStore: AnyObject, Sendable {
  /// Makes a reader for one thread, once. `resume` brings late answers back to that thread.
  func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader

  /// Queues a write. Writes of one item are applied in the order they were queued; the completion is called
  /// exactly once, on a thread of the store's choice.
  func submit(_ write: StoreWrite)

  /// Whether the store can be used. Cheap enough to ask at every request.
  var health: StoreHealth { get }

  /// Adds or replaces what `next` gives until it gives nil, all or nothing. Blocks; for commands, not for requests.
  /// Items must follow their person unless the store has that person already. Returns how many records it took.
  func importRecords(at time: DateTimeOffset, _ next: () throws -> DirectoryRecord?) throws -> Int

  /// Gives the whole directory to `body`, people in the order of their ids, each followed by their items in the
  /// order of collection and id, as of one moment. Blocks; for commands, not for requests.
  func exportRecords(_ body: (DirectoryRecord) throws -> Void) throws

  /// The change log of one person, oldest first. Blocks; for commands and tests.
  func changes(of user: UserID) throws -> [Change]

  /// Finishes the writes that are queued, then releases everything. Blocks.
  func close()
}

/// Reads of one thread. Not Sendable: it is used on the thread it was made for, and calls back there, either before
/// the call returns or later.
public protocol ProfileReader: AnyObject {
  /// An item with what must be known of its owner; nil when there is no such item.
  func item(_ key: ItemKey, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void)

  /// One page of a collection, by `createdDateTime` and id, after `position`: of items that have an audience in common
  /// with `audiences`, of all when that is nil. A page ends before `limit` when it holds `Limits.pageBytesMax` bytes.
  /// One of at most `Limits.loopRowsMax` may be answered at once; a larger one never keeps the thread.
  func items(
    of user: UserID, in collection: String, audiences: Audience?, after position: ItemPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredItem>, StoreError>) -> Void)

  /// How many items of a collection have an audience in common with `audiences`; all of them when that is nil.
  func count(
    of user: UserID, in collection: String, audiences: Audience?,
    _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Whether a person has an item for one of these audiences, which reach beyond their tenant. It takes the same time
  /// whether the person has many other items, none, or does not exist.
  func hasItems(
    of user: UserID, beyondTenant audiences: Audience, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// One page of a tenant's people: of those that are selected, in the order that is asked for, after `place`. A page
  /// of at most `Limits.loopRowsMax` people by id may be answered at once; any other never keeps the thread.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void)

  /// How many people a tenant has.
  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// The person with this id; nil when there is none.
  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)

  /// The person with this principal name, compared without case, in one tenant; nil when there is none.
  func user(
    principalName: String, in tenant: TenantID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)
}

/// Some of a longer row of things.
public struct StoredPage<Element: Sendable>: Sendable {
  public let elements: [Element]
  /// Whether nothing follows.
  public let isLast: Bool

  /// A page of these elements.
  public init(_ elements: [Element], isLast: Bool) {
    self.elements = elements
    self.isLast = isLast
  }
}

/// What must be known of a person to decide on one of their items.
public struct ItemOwner: Equatable, Sendable {
  public let tenant: TenantID
  public let displayName: String?

  /// The owner's tenant and name.
  public init(tenant: TenantID, displayName: String?) {
    self.tenant = tenant
    self.displayName = displayName
  }
}

/// An item and its owner.
public struct FoundItem: Equatable, Sendable {
  public let item: StoredItem
  public let owner: ItemOwner

  /// An item that was read together with its owner.
  public init(item: StoredItem, owner: ItemOwner) {
    self.item = item
    self.owner = owner
  }
}

/// A place in the default order of a collection.
public struct ItemPosition: Equatable, Sendable {
  public let created: DateTimeOffset
  public let id: ItemID

  /// The place of an item.
  public init(of item: StoredItem) {
    created = item.created
    id = item.key.id
  }

  /// The place that a list named; nil when it is of another order.
  init?(_ place: OrderPlace) {
    guard case .int(let ticks) = place.values.first, place.values.count == 1,
      let created = DateTimeOffset(ticks: ticks), let id = ItemID(String(decoding: place.id, as: UTF8.self))
    else { return nil }
    self.created = created
    self.id = id
  }
}

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
  /// Decides. It may run more than once, on any thread, does no I/O, and keeps nothing.
  func change(_ state: ItemState) throws(ProfileError) -> ItemChange
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
  /// The person is to be as given. The store refuses with `principalNameTaken` when somebody else of the tenant has
  /// that principal name, in any case.
  case put(StoredUser, Change)
  /// The person is to go, with all their items. Each item that goes is recorded by what `log` makes of it.
  case remove(Change, log: @Sendable (ItemKey, Version) -> Change)
  /// Items are to go: those whose audience has a member in common with `audiences`, all when that is nil.
  case removeItems(Change, audiences: Audience?, log: @Sendable (ItemKey, Version) -> Change)
}

/// A write of one person, as a pure function of what is there.
public protocol PersonOperation: Sendable {
  /// The person who is written.
  var user: UserID { get }
  /// Decides; nil stands for nobody. It may run more than once, on any thread, does no I/O, and keeps nothing.
  func change(_ person: StoredUser?) throws(ProfileError) -> PersonChange
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
public struct Receipt: Equatable, Sendable {
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

/// What became of a group of writes.
public enum GroupOutcome: Sendable {
  /// All were applied, in their order.
  case applied([ItemOutcome])
  /// The one at `index` was refused, and none was applied.
  case refused(index: Int, ProfileError)
}

/// A write that a store is asked for.
public enum StoreWrite: Sendable {
  /// Creates one item, unless its receipt is known; then it is refused with `receiptOfAnother` when the body differs.
  /// The receipt is kept in the transaction of the creation.
  case createItem(any ItemOperation, Receipt, @Sendable (Result<Once<ItemOutcome>, ProfileError>) -> Void)
  /// The same for one person.
  case createPerson(any PersonOperation, Receipt, @Sendable (Result<Once<PersonOutcome>, ProfileError>) -> Void)
  /// Applies operations to items of one person, all or none; each sees what those before it did.
  case group([any ItemOperation], @Sendable (Result<GroupOutcome, ProfileError>) -> Void)
  /// Applies an operation to one item.
  case item(any ItemOperation, PreparedChange?, @Sendable (Result<ItemOutcome, ProfileError>) -> Void)
  /// Applies an operation to one person.
  case person(any PersonOperation, @Sendable (Result<PersonOutcome, ProfileError>) -> Void)
  /// Replaces everything, the change log too, by what is given: the demo's clean start.
  case replaceAll([DirectoryRecord], @Sendable (Result<Void, ProfileError>) -> Void)
}

/// One object of a directory, as import and export hand it over.
public enum DirectoryRecord: Equatable, Sendable {
  case user(StoredUser)
  case item(StoredItem)
}
