import OData
import Profiles

/// The statements that read items by their audiences: two for each set of audiences (see `PostgreSQLItemQueries`), because a
/// single statement for any set would be planned anew each time it runs.
enum PostgreSQLVisibleItems {
  private static let sets = (1...Audience.all.rawValue).map(Audience.init(rawValue:))
  private static let selects = sets.map { select($0, isBounded: false) }
  private static let boundedSelects = sets.map { select($0, isBounded: true) }
  private static let counts = sets.map(count)

  /// Reads one page of a collection, as `PostgreSQLItemQueries.select` or `selectBounded` does, of the items for any of these
  /// audiences; nil for no audience, which makes nothing visible.
  static func select(for audiences: Audience, isBounded: Bool) -> PostgreSQLStatement? {
    statement(isBounded ? boundedSelects : selects, audiences)
  }

  /// Counts the items of a collection, as `PostgreSQLItemQueries.count` does, that are for any of these audiences; nil
  /// for no audience.
  static func count(for audiences: Audience) -> PostgreSQLStatement? { statement(counts, audiences) }

  private static func statement(_ statements: [PostgreSQLStatement], _ audiences: Audience) -> PostgreSQLStatement? {
    let known = audiences.intersection(.all)
    return known.isEmpty ? nil : statements[Int(known.rawValue) - 1]
  }

  /// Merges the indexes of the audiences in their common order. An item for several of them occurs in each of
  /// their indexes, and is returned once.
  private static func select(_ audiences: Audience, isBounded: Bool) -> PostgreSQLStatement {
    typealias Queries = PostgreSQLItemQueries
    let json = isBounded ? "json" : "\(Queries.plainJSON) as json"
    let parts = members(of: audiences).map { member in
      """
      (select id, \(PostgreSQLColumns.itemHead), \(json) from item
      where user_id = $1::text and \(PostgreSQLAudienceIndexes.collection(for: member)) = $2::text
      and \(Queries.isBehind)\(isBounded ? " and \(Queries.isWanted)" : "") \(Queries.isFirst))
      """
    }
    let page = """
      select distinct on (created, id) id, \(PostgreSQLColumns.item) from (
      \(parts.joined(separator: "\nunion all\n"))
      ) visible \(Queries.isFirst)
      """
    guard isBounded else { return PostgreSQLStatement("read_items_for_\(audiences.rawValue)", page) }
    return PostgreSQLStatement(
      "read_bounded_items_for_\(audiences.rawValue)",
      "select id, \(PostgreSQLColumns.itemHead), \(Queries.boundedJSON) from (\n\(page)\n) page order by created, id")
  }

  /// Counts the items of each audience. An item for several of them is counted with the first.
  private static func count(_ audiences: Audience) -> PostgreSQLStatement {
    let parts = members(of: audiences).map { member in
      let earlier = audiences.rawValue & (member.rawValue - 1)
      return """
        select 1 from item
        where user_id = $1::text and \(PostgreSQLAudienceIndexes.collection(for: member)) = $2::text\
        \(earlier == 0 ? "" : " and audience & \(earlier) = 0")
        """
    }
    return PostgreSQLStatement(
      "count_items_for_\(audiences.rawValue)",
      "select count(*)::bigint from (\n\(parts.joined(separator: "\nunion all\n"))\n) visible")
  }

  private static func members(of audiences: Audience) -> [Audience] {
    PostgreSQLAudienceIndexes.all.map(\.member).filter(audiences.contains)
  }

  // MARK: Items for audiences that reach beyond the tenant

  /// Finds an item for everyone in the collections `$2`, or for federated organizations in the collections `$3`. Each
  /// collection is one look-up, whatever the person holds: as a `lateral` query with a limit it cannot become a join
  /// that reads all of the person's items.
  static let selectBeyondTenant = PostgreSQLStatement(
    "read_beyond_tenant",
    """
    select 1::bigint from unnest($2::text[], $3::text[]) as c (everyone, federated) cross join lateral (
    (\(lookup(.everyone, "c.everyone")))
    union all
    (\(lookup(.federatedOrganizations, "c.federated")))
    ) found limit 1
    """)

  private static func lookup(_ member: Audience, _ collection: String) -> String {
    """
    select 1 from item
    where user_id = $1::text and \(PostgreSQLAudienceIndexes.collection(for: member)) = \(collection) limit 1
    """
  }

  /// The query for an item of `user` for one of the audiences that reach beyond the tenant, in a collection whose items
  /// for that audience are visible. `visible` gives the visible audiences of a collection. What is not visible is
  /// replaced by a look-up that finds nothing, so that the number of look-ups tells nothing.
  static func beyondTenant(of user: UserID, _ visible: (_ collection: String) -> Audience) -> PostgreSQLQuery {
    let collections = ProfileModel.collections.map { (name: $0.name, visible: visible($0.name)) }
    func names(_ member: Audience) -> PostgreSQLValue {
      .texts(collections.map { $0.visible.contains(member) ? $0.name : noCollection })
    }
    return PostgreSQLQuery(
      selectBeyondTenant, .text(user.text), names(.everyone), names(.federatedOrganizations))
  }

  private static let noCollection = ""
}
