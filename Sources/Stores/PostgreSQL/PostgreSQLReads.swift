import OData
import Profiles

/// The connection that reads share, and the settings of tenants that are cached on it.
struct PostgreSQLReads {
  let connection: PostgreSQLConnection
  let relations: PostgreSQLOwnerRelations

  /// Reads on a connection, with its cache of settings.
  init(_ connection: PostgreSQLConnection, _ relations: PostgreSQLOwnerRelations) {
    self.connection = connection
    self.relations = relations
  }

  /// Runs one read by itself, with all its steps on the one connection.
  func answer<Answer>(_ request: PostgreSQLReadRequest<Answer>) throws(PostgreSQLFailure) -> Answer {
    try answer(.next(request))
  }

  /// Takes the further steps of a read.
  func answer<Answer>(_ step: PostgreSQLReadStep<Answer>) throws(PostgreSQLFailure) -> Answer {
    var step = step
    while true {
      switch step {
      case .done(let answer): return answer
      case .next(let request): step = try request.trip.step(self, try connection.run(request.trip.queries))
      }
    }
  }

  /// The owner of a row that was read.
  func owner(
    _ row: PostgreSQLOwnerRelations.OwnerRow, _ user: UserID, _ authorization: AuthorizationContext
  ) throws(PostgreSQLFailure) -> ItemOwner {
    try relations.owner(row, user, authorization) { tenant throws(PostgreSQLFailure) in
      try connection.rows(PostgreSQLOwnerRelations.selectTenant, .text(tenant.text)).first
    }
  }
}

// MARK: Statements

extension PostgreSQLReads {
  /// An item that nobody but its owner may see is not read for a viewer, like one that does not exist.
  static let selectItem = PostgreSQLStatement(
    "read_item",
    item(PostgreSQLOwnerRelations.columns(owner: "$1::text", viewer: "$4::text"))
      + " and (i.audience <> 0 or $4::text = '')")
  static let selectPlainItem = PostgreSQLStatement("read_plain_item", item(PostgreSQLOwnerRelations.plainColumns))

  private static func item(_ ownerColumns: String) -> String {
    """
    select \(PostgreSQLColumns.of("i", PostgreSQLColumns.item)), \(ownerColumns)
    from person p join item i on i.user_id = p.user_id
    where p.user_id = $1::text and i.user_id = $1::text and i.collection = $2::text and i.id = $3::text
    """
  }

  /// The version of an item, which is drawn at random with each write.
  static let selectItemVersion = PostgreSQLStatement(
    "read_item_version",
    "select version from item where user_id = $1::text and collection = $2::text and id = $3::text")

  static let countUsers = PostgreSQLStatement(
    "count_people", "select count(*)::bigint from person where tenant = $1::text")
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
  static let selectMemberIDs = PostgreSQLStatement(
    "read_member_ids",
    """
    select user_id from group_member where group_id = $1::text and user_id > $2::text and user_id <> ''
    order by user_id limit $3::bigint
    """)
  /// Those people who are members of a group.
  static let selectMembers = PostgreSQLStatement(
    "read_members",
    """
    select \(PostgreSQLColumns.of("p", PostgreSQLColumns.person)) from person p
    join membership m on m.user_id = p.user_id
    where p.user_id = any($1::text[]) and m.user_id = any($1::text[]) and m.group_id = $2::text order by p.user_id
    """)
  static let countMembers = PostgreSQLStatement(
    "count_members", "select count(*)::bigint from group_member where group_id = $1::text and user_id <> ''")
  static let selectMember = PostgreSQLStatement(
    "read_member",
    """
    select 1::bigint from membership m join directory_group g on g.id = m.group_id
    join person p on p.user_id = $1::text
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

/// Queries that share a round trip, and what follows from their rows.
struct PostgreSQLTrip<Answer: Sendable>: Sendable {
  let queries: [PostgreSQLQuery]
  /// Makes the answer, or what follows, of the rows of each query; it may run further queries.
  let step: @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Answer>

  init(
    _ queries: [PostgreSQLQuery],
    _ step:
      @escaping @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Answer>
  ) {
    self.queries = queries
    self.step = { reads, rows throws(PostgreSQLFailure) in
      guard rows.count == queries.count else { throw .disconnected }
      return try step(reads, rows)
    }
  }
}

/// What the rows of a read make.
indirect enum PostgreSQLReadStep<Answer>: Sendable where Answer: Sendable {
  /// The answer.
  case done(Answer)
  /// The read that goes on, maybe on another node.
  case next(PostgreSQLReadRequest<Answer>)
}

/// A read: the queries that it begins with, which share a round trip with those of other reads, and how it makes its
/// answer of the rows. What is visible is decided by the relation to the owner that the same statement reads. Where the
/// decision has to come first, the relation is read again behind the answer, and a read for which it has changed is
/// done again.
struct PostgreSQLReadRequest<Answer: Sendable>: Sendable {
  /// Where most of what is read lies.
  let place: PostgreSQLPlace
  /// What is read whatever moment each query sees.
  let trip: PostgreSQLTrip<Answer>
  /// The same with fewer queries, all of which must see one moment; nil where it takes as many.
  var ofOneMoment: PostgreSQLTrip<Answer>?

  /// A read of these trips.
  init(at place: PostgreSQLPlace, _ trip: PostgreSQLTrip<Answer>, ofOneMoment: PostgreSQLTrip<Answer>?) {
    self.place = place
    self.trip = trip
    self.ofOneMoment = ofOneMoment
  }

  /// A read that may need several steps.
  init(
    at place: PostgreSQLPlace, steps queries: [PostgreSQLQuery],
    _ step:
      @escaping @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> PostgreSQLReadStep<
        Answer
      >
  ) {
    self.place = place
    trip = PostgreSQLTrip(queries, step)
  }

  /// A read of one step.
  init(
    at place: PostgreSQLPlace, _ queries: [PostgreSQLQuery],
    _ answer: @escaping @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> Answer
  ) {
    self.init(at: place, steps: queries) { reads, rows throws(PostgreSQLFailure) in .done(try answer(reads, rows)) }
  }

  /// A read of one query, all of whose rows make the answer.
  init(
    at place: PostgreSQLPlace, _ statement: PostgreSQLStatement, _ values: PostgreSQLValue...,
    answer: @escaping @Sendable (PostgreSQLRows) throws(PostgreSQLFailure) -> Answer
  ) {
    self.init(at: place, [PostgreSQLQuery(statement, values: values)]) { _, rows throws(PostgreSQLFailure) in
      try answer(rows[0])
    }
  }
}

extension PostgreSQLReadRequest {
  /// A read of one query, whose first row makes the answer; nil when there is none.
  fileprivate static func first<Element>(
    at place: PostgreSQLPlace, _ statement: PostgreSQLStatement, _ values: PostgreSQLValue...,
    read: @escaping @Sendable (PostgreSQLRow) throws(PostgreSQLFailure) -> Element
  ) -> PostgreSQLReadRequest<Element?> {
    PostgreSQLReadRequest<Element?>(at: place, [PostgreSQLQuery(statement, values: values)]) {
      _, rows throws(PostgreSQLFailure) in
      try rows[0].first.map(read)
    }
  }

  /// The page that rows form: at most `limit` elements, `size` of which gives the bytes that count.
  static func page<Element: Sendable>(
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
}

// MARK: People, groups, tenants, the audit log

extension PostgreSQLReadRequest {
  /// A read of one query that returns a number.
  static func number(
    at place: PostgreSQLPlace, _ statement: PostgreSQLStatement, _ values: PostgreSQLValue...
  ) -> Self where Answer == Int {
    Self(at: place, [PostgreSQLQuery(statement, values: values)]) { _, rows in Int(rows[0].first?.int64(0) ?? 0) }
  }

  /// See `ProfileReader.tenant`.
  static func tenant(_ id: TenantID) -> Self where Answer == TenantSettings? {
    Self(at: .anyNode(id.text), [PostgreSQLQuery(PostgreSQLOwnerRelations.selectTenant, .text(id.text))]) {
      reads, rows throws(PostgreSQLFailure) in
      try rows[0].first.map { row throws(PostgreSQLFailure) in
        reads.relations.completed(try PostgreSQLOwnerRelations.decided(id, row.bytes(1)))
      }
    }
  }

  /// The person with this id; nil when there is none.
  static func user(_ id: UserID) -> Self where Answer == StoredUser? {
    first(at: .person(id), PostgreSQLTables.selectPerson, .text(id.text)) { row throws(PostgreSQLFailure) in
      try row.person()
    }
  }

  /// See `ProfileReader.user(principalName:orID:in:_:)`.
  static func user(principalName: String, orID: Bool, in tenant: TenantID) -> Self where Answer == StoredUser? {
    let key = PrincipalName.key(of: principalName)
    var queries = [PostgreSQLQuery(PostgreSQLTables.selectHolder, .text(tenant.text), .bytes(Array(key.utf8)))]
    if orID, let id = UserID(principalName) {
      queries.append(PostgreSQLQuery(PostgreSQLTables.selectPerson, .text(id.text)))
    }
    return Self(at: .principalName(key), queries) { reads, rows throws(PostgreSQLFailure) in
      let referred = try rows.dropFirst().first?.first.map { row throws(PostgreSQLFailure) in try row.person() }
      if let referred, referred.tenant == tenant { return referred }
      guard let holder = try rows[0].first.map({ row throws(PostgreSQLFailure) in try row.userID(0) }) else {
        return nil
      }
      return try reads.answer(.user(holder, named: key, in: tenant))
    }
  }

  /// Who is found by a principal name, in the form by which names are compared; nil when nobody is.
  static func holder(of key: String, in tenant: TenantID) -> Self where Answer == UserID? {
    first(
      at: .principalName(key), PostgreSQLTables.selectHolder, .text(tenant.text), .bytes(Array(key.utf8))
    ) { row throws(PostgreSQLFailure) in try row.userID(0) }
  }

  /// The person who was found by a principal name, unless the name has gone to another person in between.
  static func user(_ id: UserID, named key: String, in tenant: TenantID) -> Self where Answer == StoredUser? {
    Self(at: .person(id), PostgreSQLTables.selectPerson, .text(id.text)) { rows throws(PostgreSQLFailure) in
      guard let found = try rows.first?.person(), found.tenant == tenant else { return nil }
      return found.principalNameKey?.hasSameBytes(as: key) == true ? found : nil
    }
  }

  /// See `ProfileReader.users`.
  static func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int
  ) -> Self where Answer == StoredPage<StoredUser> {
    Self(at: .severalNodes, [PostgreSQLUserQuery(selection, in: tenant, after: place, rows: limit + 1).query]) {
      _, rows throws(PostgreSQLFailure) in
      try page(rows[0], limit: limit, size: { $0.json.count }) { row throws(PostgreSQLFailure) in try row.person() }
    }
  }

  /// The group with this id; nil when there is none.
  static func group(_ id: GroupID) -> Self where Answer == StoredGroup? {
    first(at: .anyNode(id.text), PostgreSQLTables.selectGroup, .text(id.text)) { row throws(PostgreSQLFailure) in
      try row.group()
    }
  }

  /// The photo of a group; nil when there is none.
  static func photo(of group: GroupID) -> Self where Answer == StoredGroupPhoto? {
    first(at: .anyNode(group.text), PostgreSQLGroupPhotos.select, .text(group.text)) {
      row throws(PostgreSQLFailure) in
      try row.groupPhoto()
    }
  }

  /// See `DirectoryReader.links`.
  static func links(of groups: [GroupID]) -> Self where Answer == [GroupID: LinkedGroup] {
    Self(at: .anyNode(groups.first?.text ?? ""), [PostgreSQLGroupLinks.query(groups)]) {
      _, rows throws(PostgreSQLFailure) in
      try PostgreSQLGroupLinks.read(rows[0])
    }
  }

  /// See `DirectoryReader.groups`.
  static func groups(
    _ scope: GroupScope, after id: String?, limit: Int
  ) -> Self where Answer == StoredPage<StoredGroup> {
    let (statement, owner, place): (PostgreSQLStatement, String, PostgreSQLPlace) =
      switch scope {
      case .tenant(let tenant): (PostgreSQLReads.selectGroups, tenant.text, .anyNode(tenant.text))
      case .member(let user): (PostgreSQLReads.selectMemberships, user.text, .person(user))
      }
    return Self(at: place, statement, .text(owner), .text(id ?? ""), .int(Int64(limit) + 1)) {
      rows throws(PostgreSQLFailure) in
      try page(rows, limit: limit, size: { $0.json.count }) { row throws(PostgreSQLFailure) in try row.group() }
    }
  }

  /// See `DirectoryReader.countGroups`.
  static func countGroups(_ scope: GroupScope) -> Self where Answer == Int {
    switch scope {
    case .tenant(let tenant): number(at: .anyNode(tenant.text), PostgreSQLReads.countGroups, .text(tenant.text))
    case .member(let user): number(at: .person(user), PostgreSQLMemberTable.count, .text(user.text))
    }
  }

  /// See `DirectoryReader.members`.
  static func members(
    of group: GroupID, after id: String?, limit: Int
  ) -> Self where Answer == StoredPage<StoredUser> {
    let query = PostgreSQLQuery(
      PostgreSQLReads.selectMemberIDs, .text(group.text), .text(id ?? ""), .int(Int64(limit) + 1))
    return Self(at: .severalNodes, steps: [query]) { reads, rows throws(PostgreSQLFailure) in
      let ids = rows[0].rows.map { PostgreSQLRow($0).text(0) }
      guard !ids.isEmpty else { return .done(StoredPage([], isLast: true)) }
      // A list may name people whose membership has ended just now.
      let found = try reads.connection.rows(
        PostgreSQLReads.selectMembers, .texts(Array(ids.prefix(limit))), .text(group.text))
      let people = try page(found, limit: limit, size: { $0.json.count }) { row throws(PostgreSQLFailure) in
        try row.person()
      }
      let isLast = people.isLast && ids.count <= limit
      guard people.elements.isEmpty, !isLast, let last = ids.prefix(limit).last else {
        return .done(StoredPage(people.elements, isLast: isLast))
      }
      return .next(members(of: group, after: last, limit: limit))
    }
  }

  /// See `DirectoryReader.isMember`.
  static func isMember(_ viewer: TenantUser, of group: GroupID) -> Self where Answer == Bool {
    Self(
      at: .person(viewer.user), PostgreSQLReads.selectMember, .text(viewer.user.text), .text(group.text),
      .text(viewer.tenant.text)
    ) { rows in
      !rows.rows.isEmpty
    }
  }

  /// See `DirectoryReader.changes`.
  static func changes(
    of person: TenantUser, from place: Int64?, limit: Int
  ) -> Self where Answer == StoredPage<AuditEntry> {
    Self(
      at: .person(person.user), PostgreSQLReads.selectChanges, .text(person.user.text), .text(person.tenant.text),
      .int(place ?? .max), .int(Int64(clamping: limit == .max ? limit : limit + 1))
    ) { rows throws(PostgreSQLFailure) in
      try page(rows, limit: limit, size: { _ in 512 }) { row throws(PostgreSQLFailure) in
        let position = row.int64(11)
        return AuditEntry(position: position, change: try row.change(), older: position > 1 ? position - 1 : nil)
      }
    }
  }
}
