import OData
import Profiles

/// The statements that read a collection of somebody who may see all of it. `PostgreSQLVisibleItems` has those for others.
///
/// A page of a few items is read as it is, without items that are longer than `Limits.databasePlainItemBytesMax`: their JSON
/// is null. If there is one, or more is asked for, the server adds up the bytes of the items and gives no JSON beyond
/// `Limits.pageBytesMax`. The same statement also takes a condition, so that the number of statements stays small.
enum PostgreSQLItemQueries {
  static let select = PostgreSQLStatement("read_items", plain(from: place))
  static let selectOwn = PostgreSQLStatement("read_own_items", plain(from: place + isOfTenant("$6")))
  static let selectBounded = PostgreSQLStatement("read_bounded_items", bounded(from: place))
  static let selectOwnBounded = PostgreSQLStatement("read_own_bounded_items", bounded(from: place + isOfTenant("$16")))
  static let count = PostgreSQLStatement("count_items", "select count(*)::bigint from item where \(isOfCollection)")
  static let countOwn = PostgreSQLStatement(
    "count_own_items", "select count(*)::bigint from item where \(isOfCollection)\(isOfTenant("$3"))")
  /// Some items by their ids: those for any of the audiences `$4`, or all for 0.
  static let selectByID = PostgreSQLStatement(
    "read_items_by_id",
    """
    select id, \(PostgreSQLColumns.item) from item where \(isOfCollection) and id = any($3::text[])
    and ($4::bigint = 0 or audience & $4::bigint <> 0)
    """)

  // MARK: Queries

  /// Reads the page that `selection` asks for, of the items in `scope`; nil where there is none. `addsBytes` reads also items
  /// of which one alone fills a page.
  static func page(
    of user: UserID, in collection: String, _ scope: PostgreSQLItemScope, _ selection: ItemSelection, addsBytes: Bool
  ) -> PostgreSQLQuery? {
    let isBounded = addsBytes || selection.limit > Limits.databasePlainRowsMax || selection.condition != nil
    var values: [PostgreSQLValue] = [
      .text(user.text), .text(collection), .int(selection.position?.created.ticks ?? Int64.min),
      .text(selection.position?.id.text ?? ""),
      .int(Int64(clamping: selection.limit == .max ? selection.limit : selection.limit + 1)),
    ]
    if isBounded { values += Self.values(of: selection.condition ?? ItemCondition()) }
    let statement: PostgreSQLStatement?
    switch scope {
    case .all: statement = isBounded ? selectBounded : select
    case .ofPerson(let tenant):
      statement = isBounded ? selectOwnBounded : selectOwn
      values.append(.text(tenant.text))
    case .visible(let audiences):
      statement = PostgreSQLVisibleItems.select(for: audiences, isBounded: isBounded)
    }
    return statement.map { PostgreSQLQuery($0, values: values) }
  }

  /// Counts the items of a collection in `scope`; nil where there is none.
  static func count(of user: UserID, in collection: String, _ scope: PostgreSQLItemScope) -> PostgreSQLQuery? {
    let place: [PostgreSQLValue] = [.text(user.text), .text(collection)]
    return switch scope {
    case .all: PostgreSQLQuery(count, values: place)
    case .ofPerson(let tenant): PostgreSQLQuery(countOwn, values: place + [.text(tenant.text)])
    case .visible(let audiences):
      PostgreSQLVisibleItems.count(for: audiences).map { PostgreSQLQuery($0, values: place) }
    }
  }

  /// Reads items by their ids, of those in `scope`; nil where there is none.
  static func items(
    _ ids: [ItemID], of user: UserID, in collection: String, _ scope: PostgreSQLItemScope
  ) -> PostgreSQLQuery? {
    let audiences: Audience
    switch scope {
    case .all: audiences = []
    // Nothing is read of somebody of whom nothing was read before.
    case .ofPerson: return nil
    case .visible(let visible): audiences = visible
    }
    guard scope == .all || !audiences.isEmpty else { return nil }
    return PostgreSQLQuery(
      selectByID, .text(user.text), .text(collection), .texts(ids.map(\.text)), .int(audiences.rawValue))
  }

  /// What the parameters from `$6` to `$15` say of the items that satisfy a condition. Texts that are not searched for are
  /// null.
  private static func values(of condition: ItemCondition) -> [PostgreSQLValue] {
    func filled(_ texts: [[UInt8]], to count: Int) -> [PostgreSQLValue] {
      texts.map(PostgreSQLValue.bytes) + Array(repeating: .null, count: count - texts.count)
    }
    return [
      .int(condition.createdFrom), .int(condition.createdTo), .int(condition.audienceMask),
      .int(condition.audienceBits),
    ] + filled(condition.parts, to: Limits.narrowedPartsMax)
      + filled(condition.alternatives, to: Limits.narrowedAlternativesMax)
  }

  // MARK: Parts of statements

  private static let isOfCollection = "user_id = $1::text and collection = $2::text"
  private static let place = "\(isOfCollection) and \(isBehind)"
  /// Whether an item stands behind the position of the page before.
  static let isBehind = "(created, id) > ($3::bigint, $4::text)"
  /// The order and the length of a page.
  static let isFirst = "order by created, id limit $5::bigint"

  private static func isOfTenant(_ parameter: String) -> String {
    " and exists (select from person where user_id = $1::text and tenant = \(parameter)::text)"
  }

  /// Whether an item satisfies the condition. Searching bytes cannot fail, whatever the JSON holds. For a text that is null
  /// nothing is searched, because that would unpack the JSON.
  static let isWanted: String = {
    let first = 10 + Limits.narrowedPartsMax
    let alternatives = (first..<(first + Limits.narrowedAlternativesMax)).map(isIn).joined(separator: " or ")
    let texts =
      (10..<first).map { "($\($0)::bytea is null or \(isIn($0)))" }
      + ["($\(first)::bytea is null or (\(alternatives)) is true)"]
    return """
      (length(json) > \(Limits.narrowedItemBytesMax) or (created between $6::bigint and $7::bigint
      and audience & $8::bigint = $9::bigint and \(texts.joined(separator: " and "))))
      """
  }()

  private static func isIn(_ parameter: Int) -> String { "position($\(parameter)::bytea in json) > 0" }

  /// The JSON of an item, as a short page gives it.
  static let plainJSON = "case when length(json) <= \(Limits.databasePlainItemBytesMax) then json end"
  /// The JSON of an item, unless those before it fill a page. Only the rows before it are added up, one by one.
  static let boundedJSON = """
    case when sum(length(json)) over (order by created, id rows unbounded preceding) - length(json)
    < \(Limits.pageBytesMax) then json end
    """

  private static func plain(from place: String) -> String {
    "select id, \(PostgreSQLColumns.itemHead), \(plainJSON) from item where \(place) \(isFirst)"
  }

  private static func bounded(from place: String) -> String {
    "select id, \(PostgreSQLColumns.itemHead), \(boundedJSON) from item where \(place) and \(isWanted) \(isFirst)"
  }
}
