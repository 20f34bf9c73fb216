import OData
import Profiles

/// Reads of owners and of items.
extension PostgreSQLReadRequest {
  /// See `ProfileReader.owner`. Like everything that follows, `isDistributed` tells whether statements are split.
  static func owner(
    _ user: UserID, _ authorization: AuthorizationContext, isDistributed: Bool
  ) -> Self where Answer == ItemOwner? {
    related(by: PostgreSQLOwnerLookup(user, authorization), isDistributed: isDistributed) {
      reads, found throws(PostgreSQLFailure) in
      .done(
        try found.owner.map { row throws(PostgreSQLFailure) in try reads.owner(row, user, authorization) })
    }
  }

  /// See `ProfileReader.item`.
  static func item(
    _ key: ItemKey, _ authorization: AuthorizationContext, isDistributed: Bool
  ) -> Self where Answer == OwnedItem? {
    isDistributed ? splitItem(key, authorization) : item(key, authorization)
  }

  private static func item(_ key: ItemKey, _ authorization: AuthorizationContext) -> Self where Answer == OwnedItem? {
    let lookup = PostgreSQLOwnerLookup(key.user, authorization)
    let place: [PostgreSQLValue] = [.text(key.user.text), .text(key.collection), .text(key.id.text)]
    let query =
      lookup.needsOwnerRelation
      ? PostgreSQLQuery(PostgreSQLReads.selectItem, values: place + [.text(lookup.viewer)])
      : PostgreSQLQuery(PostgreSQLReads.selectPlainItem, values: place)
    return Self(at: .person(key.user), [query]) { reads, rows throws(PostgreSQLFailure) in
      guard let row = rows[0].first else { return nil }
      return try ownedItem(
        key, row, try PostgreSQLOwnerRelations.OwnerRow(row, from: 6), authorization, reads)
    }
  }

  /// Reads the item, the owner, and then the version of the item. When it is the one that was read before, the item was the
  /// same all the while: what makes it visible held at a moment at which the item was so. Otherwise all is read again.
  ///
  /// Most items that somebody may see are seen by everybody of the owner's tenant, so that lists and groups are looked up only
  /// when that does not decide. Whether an item is hidden or does not exist, the same is read.
  private static func splitItem(
    _ key: ItemKey, _ authorization: AuthorizationContext, isOfTenant: Bool = true
  ) -> Self where Answer == OwnedItem? {
    let lookup = PostgreSQLOwnerLookup(key.user, authorization)
    let (item, version) = itemQueries(key)
    return related(
      by: lookup, before: [item], behind: [version], isDistributed: true, isOfTenant: isOfTenant
    ) { reads, found throws(PostgreSQLFailure) in
      guard isSameItem(found) else { return .next(splitItem(key, authorization, isOfTenant: isOfTenant)) }
      if let owner = found.owner, let row = found.before[0].first,
        let item = try ownedItem(key, row, owner, authorization, reads)
      {
        return .done(item)
      }
      // What does not exist is looked for as long as what is hidden.
      guard isOfTenant, lookup.isOfTwo, found.owner.map(lookup.isOfTenant) ?? false else { return .done(nil) }
      return .next(splitItem(key, authorization, isOfTenant: false))
    }
  }

  /// The queries that a split read of an item begins and ends with.
  private static func itemQueries(_ key: ItemKey) -> (item: PostgreSQLQuery, version: PostgreSQLQuery) {
    let place: [PostgreSQLValue] = [.text(key.user.text), .text(key.collection), .text(key.id.text)]
    return (
      PostgreSQLQuery(PostgreSQLTables.selectItem, values: place),
      PostgreSQLQuery(PostgreSQLReads.selectItemVersion, values: place)
    )
  }

  /// Whether the item had the same version at the end of a split read.
  private static func isSameItem(_ found: Found) -> Bool {
    guard let behind = found.behind else { return true }
    return found.before[0].first?.int64(0) == behind[0].first?.int64(0)
  }

  /// The item of a row with its owner; nil when it is not visible.
  private static func ownedItem(
    _ key: ItemKey, _ row: PostgreSQLRow, _ owner: PostgreSQLOwnerRelations.OwnerRow,
    _ authorization: AuthorizationContext, _ reads: PostgreSQLReads
  ) throws(PostgreSQLFailure) -> OwnedItem? where Answer == OwnedItem? {
    let owner = try reads.owner(owner, key.user, authorization)
    let item = try row.item(key, from: 0)
    let audiences = authorization.audiences(of: key.user, owner, in: key.collection)
    guard audiences.map({ !item.audience.isDisjoint(with: $0) }) ?? true else { return nil }
    return OwnedItem(item: item, owner: owner)
  }

  /// Reads by what is visible, and the owner's row behind it. When that row makes something else visible, reads again. A read
  /// begins with what is expected to be visible; where nothing is known, it is decided first.
  ///
  /// `query` reads the items of a scope, and is told whether an answer was refused; it is nil where there is nothing to read.
  /// `read` refuses rows by nil, which may happen once.
  private static func visible(
    of user: UserID, in collection: String, _ authorization: AuthorizationContext, expected: PostgreSQLItemScope?,
    isDistributed: Bool, none: Answer,
    query: @escaping @Sendable (PostgreSQLItemScope, _ isAgain: Bool) -> PostgreSQLQuery?,
    read: @escaping @Sendable (ItemOwner, PostgreSQLRows?) throws(PostgreSQLFailure) -> Answer?
  ) -> Self where Answer: Sendable {
    let lookup = PostgreSQLOwnerLookup(user, authorization)
    @Sendable func decide(
      _ reads: PostgreSQLReads, _ found: Found, _ used: PostgreSQLItemScope?, isAgain: Bool
    ) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Answer> {
      guard let row = found.owner else { return .done(none) }
      let owner = try reads.owner(row, user, authorization)
      let scope = PostgreSQLItemScope(authorization.audiences(of: user, owner, in: collection))
      let isUsed = scope == used || (scope == .all && used == .ofPerson(in: owner.tenant))
      if isUsed, let answer = try read(owner, found.before.first) { return .done(answer) }
      let isAgain = isAgain || isUsed
      guard let query = query(scope, isAgain) else { return .done(try read(owner, nil) ?? none) }
      return .next(
        related(by: lookup, before: [query], isDistributed: isDistributed) { reads, found throws(PostgreSQLFailure) in
          try decide(reads, found, scope, isAgain: isAgain)
        })
    }
    let first = expected.flatMap { query($0, false) }
    return related(by: lookup, before: [first].compactMap(\.self), isDistributed: isDistributed) {
      reads, found throws(PostgreSQLFailure) in try decide(reads, found, expected, isAgain: false)
    }
  }

  /// See `ProfileReader.items(of:in:for:_:_:)`.
  static func items(
    of user: UserID, in collection: String, _ authorization: AuthorizationContext, _ selection: ItemSelection,
    isDistributed: Bool
  ) -> Self where Answer == OwnedPage {
    visible(
      of: user, in: collection, authorization,
      expected: PostgreSQLItemScope(
        of: user, expected: selection.expected, authorization, isDistributed: isDistributed),
      isDistributed: isDistributed, none: OwnedPage(owner: nil, page: StoredPage([], isLast: true))
    ) { scope, isAgain in
      PostgreSQLItemQueries.page(of: user, in: collection, scope, selection, addsBytes: isAgain)
    } read: { owner, rows throws(PostgreSQLFailure) in
      guard let rows else { return OwnedPage(owner: owner, page: StoredPage([], isLast: true)) }
      return try page(rows, of: user, in: collection, limit: selection.limit).map { OwnedPage(owner: owner, page: $0) }
    }
  }

  /// The page that rows form, as far as they hold JSON; nil when the first of those that the page has room for does not.
  private static func page(
    _ rows: PostgreSQLRows, of user: UserID, in collection: String, limit: Int
  ) throws(PostgreSQLFailure) -> StoredPage<StoredItem>? {
    var bytes = 0
    for row in rows.rows.prefix(limit) {
      guard bytes < Limits.pageBytesMax else { break }
      guard let json = row[6] else { return nil }
      bytes += json.count
    }
    return try page(rows, limit: limit, size: { $0.json.count }) { row throws(PostgreSQLFailure) in
      try row.item(ItemKey(user: user, collection: collection, id: try row.itemID(0)), from: 1)
    }
  }

  /// See `ProfileReader.items(_:of:in:for:expecting:_:)`.
  static func items(
    _ ids: [ItemID], of user: UserID, in collection: String, _ authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, isDistributed: Bool
  ) -> Self where Answer == [OwnedItem] {
    visible(
      of: user, in: collection, authorization,
      // With nothing to begin with, it is decided first what is visible.
      expected: expected == .unknown
        ? nil
        : PostgreSQLItemScope(
          of: user, expected: expected, authorization, isDistributed: isDistributed),
      isDistributed: isDistributed, none: []
    ) { scope, _ in
      PostgreSQLItemQueries.items(ids, of: user, in: collection, scope)
    } read: { owner, rows throws(PostgreSQLFailure) in
      try rows?.map { row throws(PostgreSQLFailure) in
        let key = ItemKey(user: user, collection: collection, id: try row.itemID(0))
        return OwnedItem(item: try row.item(key, from: 1), owner: owner)
      } ?? []
    }
  }

  /// See `ProfileReader.count`.
  static func count(
    of user: UserID, in collection: String, _ authorization: AuthorizationContext,
    expecting expected: ExpectedAudiences, isDistributed: Bool
  ) -> Self where Answer == Int {
    visible(
      of: user, in: collection, authorization,
      expected: PostgreSQLItemScope(of: user, expected: expected, authorization, isDistributed: isDistributed),
      isDistributed: isDistributed, none: 0
    ) { scope, _ in
      PostgreSQLItemQueries.count(of: user, in: collection, scope)
    } read: { _, rows in
      Int(rows?.first?.int64(0) ?? 0)
    }
  }

  /// See `ProfileReader.hasItemsBeyondTenant`. What is run, and how often, does not depend on whether the person
  /// exists.
  static func hasItemsBeyondTenant(
    of user: UserID, _ authorization: AuthorizationContext, isDistributed: Bool
  ) -> Self where Answer == Bool {
    let lookup = PostgreSQLOwnerLookup(user, authorization)
    @Sendable func again(
      _ reads: PostgreSQLReads, _ known: PostgreSQLOwnerRelations.OwnerRow?
    ) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Bool> {
      let owner = try known.map { row throws(PostgreSQLFailure) in try reads.owner(row, user, authorization) }
      let query = PostgreSQLVisibleItems.beyondTenant(of: user) { collection in
        let audiences = authorization.audiences(of: user, owner ?? .nobody, in: collection) ?? .all
        return owner == nil ? .me : audiences
      }
      return .next(
        related(by: lookup, before: [query], isDistributed: isDistributed) { reads, found throws(PostgreSQLFailure) in
          found.owner == known ? .done(!found.before[0].rows.isEmpty) : try again(reads, found.owner)
        })
    }
    return related(by: lookup, isDistributed: isDistributed) { reads, found throws(PostgreSQLFailure) in
      try again(reads, found.owner)
    }
  }
}
