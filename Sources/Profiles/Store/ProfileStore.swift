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

  /// Whether a reader answers for one item before its call returns. Then a write that will be refused or changes nothing
  /// is answered without the writer; otherwise the writer alone decides, which saves asking twice.
  var readsAtOnce: Bool { get }

  /// Whether the store can be used. Cheap enough to ask at every request.
  var health: StoreHealth { get }

  /// Adds or replaces what `next` gives until it gives nil, all or nothing. Blocks; for commands, not for requests.
  /// Items must follow their person unless the store has that person already. What is written gets a new version,
  /// whichever the records have. Returns how many records it took.
  func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int

  /// Gives the whole directory to `body`, as of one moment: tenants, groups, then people in the order of their ids, each
  /// followed by their memberships and by their items in the order of collection and id. Blocks; for commands, not for
  /// requests.
  func exportLines(_ body: (ImportLine) throws -> Void) throws

  /// The audit log of one person of a tenant, oldest first. Blocks; for commands and tests.
  func changes(of user: UserID, in tenant: TenantID) throws -> [Change]

  /// Finishes the writes that are queued, then releases everything. Blocks.
  func close()
}

/// Reads of one thread. Not Sendable: it is used on the thread it was made for, and calls back there, either before
/// the call returns or later.
public protocol ProfileReader: DirectoryReader {
  /// Runs `body`. Reads that are answered before it returns may share one snapshot, which is not older than this call.
  func withSnapshot(_ body: () -> Void)

  /// An item with what must be known of its owner; nil when there is none that the sight reaches. It takes the same
  /// time whether the item is out of sight or does not exist.
  func item(
    _ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<FoundItem?, StoreError>) -> Void)

  /// What must be known of a person; nil when there is no such person.
  func owner(
    _ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void)

  /// One page of a collection, by `createdDateTime` and id, after `position`: of the items that the sight reaches. A page
  /// ends before `limit` when it holds `Limits.pageBytesMax` bytes. One of at most `Limits.loopRowsMax` may be answered
  /// at once; a larger one never keeps the thread.
  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, after position: ItemPosition?,
    limit: Int,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void)

  /// How many items of a collection the sight reaches.
  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext,
    _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Whether a person has an item in sight for one of the audiences that reach beyond their tenant. It takes the same
  /// time whether the person has many other items, none, or does not exist.
  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// What a tenant is and what it decided; nil when there is no such tenant.
  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void)

  /// One page of a tenant's people: of those that are selected, in the order that is asked for, after `place`. A page
  /// of at most `Limits.loopRowsMax` people by id may be answered at once; any other never keeps the thread. A store may
  /// give fewer people than there are, even none, and say with `end` how far it has looked.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void)

  /// How many people a tenant has.
  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// The person with this id; nil when there is none.
  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)

  /// The person of one tenant with this principal name, compared by its key; nil when there is none. With `orID`, the
  /// person of the tenant with exactly this id comes first. Of several with one name (they can be older than the rule), the
  /// one with the first id.
  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)
}

/// Reads of groups and of the audit log, under the same rules as those of `ProfileReader`.
public protocol DirectoryReader: AnyObject {
  /// The group with this id; nil when there is none.
  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void)

  /// One page of groups by id, after the one of this id.
  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void)

  /// How many groups there are.
  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// One page of the members of a group by id, after the one of this id.
  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void)

  /// How many members a group has.
  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Whether somebody is a member of a group of their tenant.
  func isMember(_ viewer: Viewer, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// One page of the audit log of a person, newest first, from a place that the page before named, or from the end.
  func changes(
    of person: Viewer, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void)

  /// How many rows the audit log of a person has.
  func countChanges(of person: Viewer, _ then: @escaping (Result<Int, StoreError>) -> Void)
}

/// Which groups are meant.
public enum GroupScope: Equatable, Sendable {
  /// Those of a tenant.
  case tenant(TenantID)
  /// Those that somebody is a member of.
  case member(UserID)
}

/// A page of a collection.
public struct OwnedPage: Sendable {
  /// What was known of the owner when the page was read; nil when there is none.
  public let owner: ItemOwner?
  public let page: StoredPage<StoredItem>

  /// A page that was read together with its owner.
  public init(owner: ItemOwner?, page: StoredPage<StoredItem>) {
    self.owner = owner
    self.page = page
  }
}

/// Some of a longer row of things.
public struct StoredPage<Element: Sendable>: Sendable {
  public let elements: [Element]
  /// Whether nothing follows.
  public let isLast: Bool
  /// How far a store has looked for more, where that is further than the last element; the next page begins after it.
  public let end: KeysetPosition?

  /// A page of these elements.
  public init(_ elements: [Element], isLast: Bool, end: KeysetPosition? = nil) {
    self.elements = elements
    self.isLast = isLast
    self.end = end
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
  init?(_ place: KeysetPosition) {
    guard case .int(let ticks) = place.values.first, place.values.count == 1,
      let created = DateTimeOffset(ticks: ticks), let id = ItemID(String(decoding: place.id, as: UTF8.self))
    else { return nil }
    self.created = created
    self.id = id
  }
}
