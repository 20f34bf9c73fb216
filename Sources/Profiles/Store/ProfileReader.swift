public import OData

/// Reads of one thread. Not Sendable: it is used on the thread that it was made for, and calls back there, either
/// before the call returns or later. A read that cannot be done fails with `StoreError`.
public protocol ProfileReader: DirectoryReader {
  /// Runs `body`. Reads that are answered before it returns may share one snapshot, which is not older than this call.
  func withSnapshot(_ body: () -> Void)

  /// Reads an item with what must be known of its owner; nil when there is none that `authorization` makes visible.
  /// Takes the same time whether the item is hidden or does not exist.
  func item(
    _ key: ItemKey, for authorization: AuthorizationContext, _ then: @escaping (Result<OwnedItem?, StoreError>) -> Void)

  /// Reads what must be known of a person; nil when there is no such person.
  func owner(
    _ user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<ItemOwner?, StoreError>) -> Void)

  /// How much of a list one read should ask for.
  var listReads: ListReads { get }

  /// Reads one page of a collection, by `createdDateTime` and id: of the items that `authorization` makes visible, at least
  /// those that satisfy the condition of `selection`. A page ends before the limit of `selection` when it holds
  /// `Limits.pageBytesMax` bytes. One of at most `Limits.loopRowsMax` items may be answered at once; a larger one never keeps
  /// the thread.
  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, _ selection: ItemSelection,
    _ then: @escaping (Result<OwnedPage, StoreError>) -> Void)

  /// Reads items of one collection of one person by their ids: those that `authorization` makes visible, in any order, with
  /// what was known of their owner.
  func items(
    _ ids: [ItemID], of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<[OwnedItem], StoreError>) -> Void)

  /// Counts the items of a collection that `authorization` makes visible.
  func count(
    of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Finds out whether a person has a visible item for one of the audiences that reach beyond their tenant. Takes the
  /// same time whether the person has many other items, none, or does not exist.
  func hasItemsBeyondTenant(
    of user: UserID, for authorization: AuthorizationContext, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// Reads the settings of a tenant; nil when there is no such tenant.
  func tenant(_ id: TenantID, _ then: @escaping (Result<TenantSettings?, StoreError>) -> Void)

  /// Reads one page of the people of a tenant: of those that are selected, in the order that is asked for, after
  /// `place`. A page of at most `Limits.loopRowsMax` people by id may be answered at once; any other never keeps the
  /// thread. A store may give fewer people than there are, even none, and say with `end` how far it has looked.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void)

  /// Counts the people of a tenant.
  func countUsers(in tenant: TenantID, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Reads the person with this id; nil when there is none.
  func user(_ id: UserID, _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)

  /// Finds out whether a person's account is disabled; false when there is no such person in the tenant.
  func isDisabled(_ account: TenantUser, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// Whether it is known without a read that a person's account is enabled. A store that does not know says no.
  func isKnownEnabled(_ user: UserID) -> Bool

  /// Whether reads and writes of items find out themselves that the account of their `AuthorizationContext` is disabled,
  /// and fail with `StoreError.accountDisabled`: where asking before would take a round trip of its own.
  var itemsCheckAccounts: Bool { get }

  /// Reads the person of one tenant with this principal name, compared by its key; nil when there is none. With `orID`,
  /// the person of the tenant with exactly this id comes first. When several people have one name (which data from
  /// before names were unique can hold), the one with the first id.
  func user(
    principalName: String, orID: Bool, in tenant: TenantID,
    _ then: @escaping (Result<StoredUser?, StoreError>) -> Void)
}

extension ProfileReader {
  /// Reads the person.
  public func isDisabled(_ account: TenantUser, _ then: @escaping (Result<Bool, StoreError>) -> Void) {
    user(account.user) { then($0.map { $0.map { $0.tenant == account.tenant && $0.isDisabled } ?? false }) }
  }

  /// It is not known.
  public func isKnownEnabled(_ user: UserID) -> Bool { false }

  /// They do not.
  public var itemsCheckAccounts: Bool { false }

  /// Reads the items one by one, in one snapshot where the store can.
  public func items(
    _ ids: [ItemID], of user: UserID, in collection: String, for authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, _ then: @escaping (Result<[OwnedItem], StoreError>) -> Void
  ) {
    ResultCollector.read(ids, from: self, then) { id, then in
      item(ItemKey(user: user, collection: collection, id: id), for: authorization, then)
    }
  }
}

/// Reads of groups and of the audit log, under the same rules as those of `ProfileReader`.
public protocol DirectoryReader: AnyObject {
  /// Reads the group with this id; nil when there is none.
  func group(_ id: GroupID, _ then: @escaping (Result<StoredGroup?, StoreError>) -> Void)

  /// Reads the links of those of at most `Limits.loopRowsMax` groups that exist, in one round trip.
  func links(of groups: [GroupID], _ then: @escaping (Result<[GroupID: LinkedGroup], StoreError>) -> Void)

  /// Reads the photo of a group; nil when there is none.
  func photo(of group: GroupID, _ then: @escaping (Result<StoredGroupPhoto?, StoreError>) -> Void)

  /// Reads one page of groups by id, after the one with this id.
  func groups(
    _ scope: GroupScope, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredGroup>, StoreError>) -> Void)

  /// Counts groups.
  func countGroups(_ scope: GroupScope, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Reads one page of the members of a group by id, after the one with this id.
  func members(
    of group: GroupID, after id: String?, limit: Int,
    _ then: @escaping (Result<StoredPage<StoredUser>, StoreError>) -> Void)

  /// Counts the members of a group.
  func countMembers(of group: GroupID, _ then: @escaping (Result<Int, StoreError>) -> Void)

  /// Finds out whether a person is a member of a group of their tenant.
  func isMember(_ viewer: TenantUser, of group: GroupID, _ then: @escaping (Result<Bool, StoreError>) -> Void)

  /// Reads one page of the audit log of a person, newest first, from a place that the page before named, or from the
  /// end.
  func changes(
    of person: TenantUser, from place: Int64?, limit: Int,
    _ then: @escaping (Result<StoredPage<AuditEntry>, StoreError>) -> Void)

  /// Counts the rows of the audit log of a person.
  func countChanges(of person: TenantUser, _ then: @escaping (Result<Int, StoreError>) -> Void)
}

/// The groups that a read is about.
public enum GroupScope: Equatable, Sendable {
  /// Those of a tenant.
  case tenant(TenantID)
  /// Those that a person is a member of.
  case member(UserID)
}

/// An item that was read together with its owner.
public struct OwnedItem: Equatable, Sendable {
  /// The item.
  public let item: StoredItem
  /// What was known of the owner when the item was read.
  public let owner: ItemOwner

  /// An item that was read together with its owner.
  public init(item: StoredItem, owner: ItemOwner) {
    self.item = item
    self.owner = owner
  }
}

/// A page of a collection that was read together with its owner.
public struct OwnedPage: Sendable {
  /// What was known of the owner when the page was read; nil when there is no such person.
  public let owner: ItemOwner?
  /// The items.
  public let page: StoredPage<StoredItem>

  /// A page that was read together with its owner.
  public init(owner: ItemOwner?, page: StoredPage<StoredItem>) {
    self.owner = owner
    self.page = page
  }
}

/// A page of a stored list.
public struct StoredPage<Element: Sendable>: Sendable {
  /// The elements, in the order of the list.
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

/// A position in the default order of a collection: by `createdDateTime`, then by id.
public struct ItemPosition: Equatable, Sendable {
  /// `createdDateTime` of the item.
  public let created: DateTimeOffset
  /// The key of the item in its collection.
  public let id: ItemID

  /// The position of an item.
  public init(of item: StoredItem) {
    created = item.created
    id = item.key.id
  }

  /// The position that a page token names; nil when it is one of another order.
  init?(_ position: KeysetPosition) {
    guard case .int(let ticks) = position.values.first, position.values.count == 1,
      let created = DateTimeOffset(ticks: ticks), let id = ItemID(String(decoding: position.id, as: UTF8.self))
    else { return nil }
    self.created = created
    self.id = id
  }
}
