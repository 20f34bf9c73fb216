import OData
import Profiles

/// The reads of one call. What somebody sees is decided by what the same statement says of how they stand to the owner:
/// where the decision has to come first, it is compared with what the read itself found, and made again when it differs.
struct PostgreSQLReads {
  let connection: PostgreSQLConnection
  let standings: PostgreSQLStandings

  init(_ connection: PostgreSQLConnection, _ standings: PostgreSQLStandings) {
    self.connection = connection
    self.standings = standings
  }

  private func rows(_ query: PostgreSQLQuery) throws(PostgreSQLFailure) -> PostgreSQLRows {
    guard let rows = try connection.run([query]).first else { throw .disconnected }
    return rows
  }

  func rows(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) throws(PostgreSQLFailure) -> PostgreSQLRows
  {
    try rows(PostgreSQLQuery(statement, values: values))
  }

  func number(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) throws(PostgreSQLFailure) -> Int {
    Int(try rows(PostgreSQLQuery(statement, values: values)).first?.int64(0) ?? 0)
  }

  private func page<Element: Sendable>(
    _ rows: PostgreSQLRows, limit: Int, size: (Element) -> Int,
    _ read: (PostgreSQLRow) throws(PostgreSQLFailure) -> Element
  ) throws(PostgreSQLFailure) -> StoredPage<Element> {
    var elements: [Element] = []
    var bytes = 0
    for row in rows.rows {
      guard elements.count < limit, bytes < Limits.pageBytesMax else { return StoredPage(elements, isLast: false) }
      let element = try read(PostgreSQLRow(row))
      bytes += size(element)
      elements.append(element)
    }
    return StoredPage(elements, isLast: true)
  }

  // MARK: Owners and items

  private func owner(
    _ facts: PostgreSQLStandings.Facts, _ user: UserID, _ sight: Sight
  ) throws(PostgreSQLFailure) -> ItemOwner {
    try standings.owner(facts, user, sight) { tenant throws(PostgreSQLFailure) in
      try rows(PostgreSQLStandings.selectTenant, .text(tenant.text)).first
    }
  }

  private func facts(_ user: UserID, _ sight: Sight) throws(PostgreSQLFailure) -> PostgreSQLStandings.Facts? {
    try PostgreSQLStandings.Facts(try rows(PostgreSQLStandings.Question(user, sight).query))
  }

  /// The facts of a person, and in the same round trip what another query finds.
  private func facts(
    _ user: UserID, _ sight: Sight, with query: PostgreSQLQuery
  ) throws(PostgreSQLFailure) -> (PostgreSQLStandings.Facts?, PostgreSQLRows) {
    let answers = try connection.run([PostgreSQLStandings.Question(user, sight).query, query])
    guard answers.count == 2 else { throw .disconnected }
    return (try PostgreSQLStandings.Facts(answers[0]), answers[1])
  }

  func owner(_ user: UserID, _ sight: Sight) throws(PostgreSQLFailure) -> ItemOwner? {
    try facts(user, sight).map { facts throws(PostgreSQLFailure) in try owner(facts, user, sight) }
  }

  func item(_ key: ItemKey, _ sight: Sight) throws(PostgreSQLFailure) -> FoundItem? {
    let viewer = PostgreSQLStandings.Question(key.user, sight).viewer
    let found = try rows(
      Self.selectItem, .text(key.user.text), .text(viewer), .text(key.collection), .text(key.id.text))
    guard let row = found.first else { return nil }
    let facts = try PostgreSQLStandings.Facts(row, from: 6)
    let owner = try owner(facts, key.user, sight)
    let item = try row.item(key, from: 0)
    let audiences = sight.audiences(of: key.user, owner, in: key.collection)
    guard audiences.map({ !item.audience.isDisjoint(with: $0) }) ?? true else { return nil }
    return FoundItem(item: item, owner: owner)
  }

  /// Decides what is in sight, reads with it, and decides again when the owner's facts have changed in between.
  private func inSight<Answer>(
    of user: UserID, _ collection: String, _ sight: Sight, none: Answer,
    _ read: (ItemOwner, Int64) throws(PostgreSQLFailure) -> (PostgreSQLStandings.Facts?, Answer)
  ) throws(PostgreSQLFailure) -> Answer {
    var known = try facts(user, sight)
    while let facts = known {
      let owner = try owner(facts, user, sight)
      // Every audience has a bit within this mask, and what everybody sees has one beyond it.
      let audiences = sight.audiences(of: user, owner, in: collection).map(\.rawValue) ?? -1
      let (found, answer) = try read(owner, audiences)
      if found == facts { return answer }
      known = found
    }
    return none
  }

  func items(
    of user: UserID, in collection: String, _ sight: Sight, after position: ItemPosition?, limit: Int
  ) throws(PostgreSQLFailure) -> OwnedPage {
    let none = OwnedPage(owner: nil, page: StoredPage([], isLast: true))
    return try inSight(of: user, collection, sight, none: none) { owner, audiences throws(PostgreSQLFailure) in
      let query = PostgreSQLQuery(
        Self.selectItems, .text(user.text), .text(collection), .int(audiences),
        .int(position?.created.ticks ?? Int64.min), .text(position?.id.text ?? ""),
        .int(Int64(clamping: limit == .max ? limit : limit + 1)))
      let (facts, rows) = try facts(user, sight, with: query)
      let page = try page(rows, limit: limit, size: \.json.count) { row throws(PostgreSQLFailure) in
        try row.item(ItemKey(user: user, collection: collection, id: try row.itemID(0)), from: 1)
      }
      return (facts, OwnedPage(owner: owner, page: page))
    }
  }

  func count(of user: UserID, in collection: String, _ sight: Sight) throws(PostgreSQLFailure) -> Int {
    try inSight(of: user, collection, sight, none: 0) { _, audiences throws(PostgreSQLFailure) in
      let query = PostgreSQLQuery(Self.countItems, .text(user.text), .text(collection), .int(audiences))
      let (facts, rows) = try facts(user, sight, with: query)
      return (facts, Int(rows.first?.int64(0) ?? 0))
    }
  }

  func hasItemsBeyondTenant(of user: UserID, _ sight: Sight) throws(PostgreSQLFailure) -> Bool {
    let (facts, rows) = try facts(user, sight, with: PostgreSQLQuery(Self.selectBeyondTenant, .text(user.text)))
    guard let facts else { return false }
    let owner = try owner(facts, user, sight)
    for found in rows.rows.map(PostgreSQLRow.init) {
      guard let audiences = sight.audiences(of: user, owner, in: found.text(0)) else { return true }
      if !audiences.isDisjoint(with: Audience(rawValue: found.int64(1)).intersection(.beyondTenant)) { return true }
    }
    return false
  }

  // MARK: People, groups, tenants, the record

  func tenant(_ id: TenantID) throws(PostgreSQLFailure) -> TenantSettings? {
    try rows(PostgreSQLStandings.selectTenant, .text(id.text)).first.map { row throws(PostgreSQLFailure) in
      standings.completed(try PostgreSQLStandings.decided(id, row.bytes(1)))
    }
  }

  func user(_ id: UserID) throws(PostgreSQLFailure) -> StoredUser? {
    try rows(PostgreSQLTables.selectPerson, .text(id.text)).first.map { row throws(PostgreSQLFailure) in
      try row.person()
    }
  }

  func user(principalName: String, in tenant: TenantID) throws(PostgreSQLFailure) -> StoredUser? {
    let folded = Array(StoredUser.foldedPrincipalName(principalName).utf8)
    return try rows(Self.selectNamed, .text(tenant.text), .bytes(folded)).first.map { row throws(PostgreSQLFailure) in
      try row.person()
    }
  }

  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int
  ) throws(PostgreSQLFailure) -> StoredPage<StoredUser> {
    let found = try rows(PostgreSQLUserQuery(selection, in: tenant, after: place, rows: limit + 1).query)
    return try page(found, limit: limit, size: \.json.count) { row throws(PostgreSQLFailure) in try row.person() }
  }

  func group(_ id: GroupID) throws(PostgreSQLFailure) -> StoredGroup? {
    try rows(PostgreSQLTables.selectGroup, .text(id.text)).first.map { row throws(PostgreSQLFailure) in
      try row.group()
    }
  }

  func groups(
    _ scope: GroupScope, after id: String?, limit: Int
  ) throws(PostgreSQLFailure) -> StoredPage<StoredGroup> {
    let (statement, owner) =
      switch scope {
      case .tenant(let tenant): (Self.selectGroups, tenant.text)
      case .member(let user): (Self.selectMemberships, user.text)
      }
    let found = try rows(statement, .text(owner), .text(id ?? ""), .int(Int64(limit) + 1))
    return try page(found, limit: limit, size: \.json.count) { row throws(PostgreSQLFailure) in try row.group() }
  }

  func countGroups(_ scope: GroupScope) throws(PostgreSQLFailure) -> Int {
    switch scope {
    case .tenant(let tenant): try number(Self.countGroups, .text(tenant.text))
    case .member(let user): try number(PostgreSQLTables.countMemberships, .text(user.text))
    }
  }

  func members(
    of group: GroupID, after id: String?, limit: Int
  ) throws(PostgreSQLFailure) -> StoredPage<StoredUser> {
    let found = try rows(Self.selectMembers, .text(group.text), .text(id ?? ""), .int(Int64(limit) + 1))
    return try page(found, limit: limit, size: \.json.count) { row throws(PostgreSQLFailure) in try row.person() }
  }

  func isMember(_ viewer: Viewer, of group: GroupID) throws(PostgreSQLFailure) -> Bool {
    try !rows(Self.selectMember, .text(viewer.user.text), .text(group.text), .text(viewer.tenant.text)).rows.isEmpty
  }

  func changes(
    of person: Viewer, from place: Int64?, limit: Int
  ) throws(PostgreSQLFailure) -> StoredPage<RecordedChange> {
    let found = try rows(
      Self.selectChanges, .text(person.user.text), .text(person.tenant.text), .int(place ?? .max),
      .int(Int64(clamping: limit == .max ? limit : limit + 1)))
    return try page(found, limit: limit, size: { _ in 512 }) { row throws(PostgreSQLFailure) in
      let position = row.int64(11)
      return RecordedChange(position: position, change: try row.change(), older: position > 1 ? position - 1 : nil)
    }
  }
}

// MARK: Statements

extension PostgreSQLReads {
  static let selectItem = PostgreSQLStatement(
    "read_item",
    """
    select \(PostgreSQLColumns.of("i", PostgreSQLColumns.item)), \(PostgreSQLStandings.columns)
    from person p join item i on i.user_id = p.user_id
    where p.user_id = $1::text and i.collection = $3::text and i.id = $4::text
    """)
  static let selectItems = PostgreSQLStatement(
    "read_items",
    """
    select id, \(PostgreSQLColumns.item) from item where user_id = $1::text and collection = $2::text
    and ($3::bigint = -1 or audience & $3::bigint <> 0) and (created, id) > ($4::bigint, $5::text)
    order by created, id limit $6::bigint
    """)
  static let countItems = PostgreSQLStatement(
    "count_items",
    """
    select count(*)::bigint from item where user_id = $1::text and collection = $2::text
    and ($3::bigint = -1 or audience & $3::bigint <> 0)
    """)
  static let selectBeyondTenant = PostgreSQLStatement(
    "read_beyond_tenant",
    """
    select collection, bit_or(audience)::bigint from item
    where user_id = $1::text and audience & \(Audience.beyondTenant.rawValue) <> 0 group by collection
    """)
  static let countUsers = PostgreSQLStatement(
    "count_people", "select count(*)::bigint from person where tenant = $1::text")
  static let selectNamed = PostgreSQLStatement(
    "read_named",
    """
    select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from principal_name n
    join person p on p.user_id = n.user_id where n.tenant = $1::text and n.folded = $2::bytea
    """)
  static let selectGroups = PostgreSQLStatement(
    "read_groups",
    """
    select \(PostgreSQLColumns.group) from directory_group where tenant = $1::text and id > $2::text
    order by id limit $3::bigint
    """)
  static let countGroups = PostgreSQLStatement(
    "count_groups", "select count(*)::bigint from directory_group where tenant = $1::text")
  static let selectMemberships = PostgreSQLStatement(
    "read_memberships",
    """
    select \(PostgreSQLColumns.of("g", PostgreSQLColumns.group)) from membership m
    join directory_group g on g.id = m.group_id where m.user_id = $1::text and m.group_id > $2::text
    order by m.group_id limit $3::bigint
    """)
  static let selectMembers = PostgreSQLStatement(
    "read_members",
    """
    select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from membership m
    join person p on p.user_id = m.user_id where m.group_id = $1::text and m.user_id > $2::text
    order by m.user_id limit $3::bigint
    """)
  static let countMembers = PostgreSQLStatement(
    "count_members", "select count(*)::bigint from membership where group_id = $1::text")
  static let selectMember = PostgreSQLStatement(
    "read_member",
    """
    select 1::bigint from membership m join directory_group g on g.id = m.group_id
    join person p on p.user_id = m.user_id
    where m.user_id = $1::text and m.group_id = $2::text and g.tenant = $3::text and p.tenant = $3::text
    """)
  static let selectChanges = PostgreSQLStatement(
    "read_changes",
    """
    select \(PostgreSQLColumns.change), position from record
    where user_id = $1::text and tenant = $2::text and position <= $3::bigint order by position desc limit $4::bigint
    """)
  static let countChanges = PostgreSQLStatement(
    "count_changes", "select coalesce(max(length), 0)::bigint from chain where user_id = $1::text and tenant = $2::text"
  )
}
