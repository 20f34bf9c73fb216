import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// The two tables of memberships: by person and by group.
@Suite("Memberships by person and by group")
struct PostgreSQLMembershipTests {
  private static let team = Sample.groupID("team")
  private static let isCitus = ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"] != nil

  /// The people `user-0` and so on, of whom all are members of the team but the last.
  private static func lines(people: Int) -> [ImportLine] {
    let ids = (0..<people).map { Sample.userID("user-\($0)") }
    return [Sample.group(team), Sample.group(Sample.groupID("empty"))]
      + ids.map { .user(Sample.person($0.text)) } + ids.dropLast().map { .member($0, of: team) }
      + ids.map { .item(Sample.groupPhone(of: $0)) }
  }

  private static func expectMembers(_ store: PostgreSQLStore, people: Int) async throws {
    let members = (0..<people - 1).map { "user-\($0)" }.sorted()
    #expect(try await store.members(of: team, pages: 3) == members)
    #expect(try await store.ask { $0.countMembers(of: team, $1) } == people - 1)
    #expect(try await store.ask { $0.countMembers(of: Sample.groupID("empty"), $1) } == 0)
    let (first, second, last) = (Sample.userID("user-0"), Sample.userID("user-1"), Sample.userID("user-\(people - 1)"))
    for (viewer, owner, sees) in [
      (first, second, true), (second, first, true), (last, first, false), (first, last, false),
    ] { #expect(try await store.sees(viewer, owner) == sees) }
    #expect(try store.check() == [])
  }

  @Test("A database of the form before is migrated, also when its tables are spread over nodes")
  func migration() async throws {
    let database = try await ThrowawayDatabase()
    let old = try database.store()
    try old.load(Self.lines(people: 8))
    old.close()
    try await database.revert(to: 5)
    let store = try database.store()
    try await Self.expectMembers(store, people: 8)
    let user = Sample.userID("user-7")
    #expect(await store.write(.add(user, to: Self.team)) == .success(.done))
    #expect(await store.write(.add(user, to: Sample.groupID("empty"))) == .success(.done))
    #expect(try await store.sees(user, Sample.userID("user-0")))
    #expect(await store.write(.delete(Self.team)) == .success(.done))
    #expect(try store.check() == [])
    store.close()
    if Self.isCitus { try await Self.expectPlacement(database) }
    try await database.remove()
  }

  @Test("A plain database that holds memberships is spread over nodes, and nothing stays behind", .enabled(if: isCitus))
  func distributionOnCitus() async throws {
    let (database, keys) = (try await ThrowawayDatabase(), try Scratch())
    let options = PostgreSQLOptions(url: database.url, keyDirectory: keys.directory)
    let plain = try PostgreSQLStore(options)
    try plain.load(Self.lines(people: 8))
    _ = try plain.distribute()
    plain.close()
    try await Self.expectPlacement(database)
    for table in PostgreSQLDistribution.byPerson + PostgreSQLDistribution.byOther.map(\.0) {
      #expect(try await database.psql("select pg_relation_size('\(table)')") == "0", "\(table)")
    }
    let store = try PostgreSQLStore(options)
    try await Self.expectMembers(store, people: 8)
    store.close()
    try await database.remove()
    keys.remove()
  }

  private static func expectPlacement(_ database: ThrowawayDatabase) async throws {
    let placement = try await database.psql(
      """
      select string_agg(table_name || ' ' || distribution_column || ' '
        || (colocation_id = (select colocation_id from citus_tables where table_name = 'person'::regclass))::text, ', '
        order by table_name::text)
      from citus_tables where table_name in ('membership'::regclass, 'group_member'::regclass)
      """)
    #expect(placement == "group_member group_id false, membership user_id true")
  }

  @Test("A list of members leaves out whom only the table by group names, however many they are")
  func strangers() async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try store.load(Self.lines(people: 4))
    try await database.psql("insert into group_member select 'team', 'a-' || n from generate_series(1, 25) n")
    #expect(try await store.members(of: Self.team, pages: 3) == ["user-0", "user-1", "user-2"])
    #expect(try await store.members(of: Self.team, pages: 28) == ["user-0", "user-1", "user-2"])
    store.close()
    try await database.remove()
  }

  @Test(
    "A check finds a row that is in one of the tables only, and a group that takes no members",
    arguments: [
      ("delete from group_member where group_id = 'team' and user_id = 'user-1'", "user-1", "does not list them"),
      ("insert into group_member values ('team', 'user-3')", "user-3", "not a member of it"),
      ("delete from membership where user_id = 'user-1'", "user-1", "not a member of it"),
      ("insert into membership values ('user-3', 'team')", "user-3", "does not list them"),
      ("delete from group_member where user_id = ''", nil, "not those whose members are listed"),
      ("insert into group_member values ('other', '')", nil, "not those whose members are listed"),
    ])
  func check(_ sql: String, _ user: String?, _ fault: String) async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try store.load(Self.lines(people: 4))
    #expect(try store.check() == [])
    try await database.psql(sql)
    let findings = try store.check().filter { $0.message.contains(fault) }
    #expect(findings.map(\.user?.text) == [user])
    store.close()
    try await database.remove()
  }

  /// More than a page of rows, in both orders.
  @Test("A check looks at every row")
  func checkOfMany() async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try await database.psql(
      """
      insert into membership select 'u' || n % 700, 'g' || n % 13 from generate_series(1, 9100) n;
      insert into group_member select group_id, user_id from membership
      """)
    let check = PostgreSQLMemberCheck(try PostgreSQLConnection(database.url, namesStatements: false))
    #expect(try check.findings([]) == [])
    try await database.psql("delete from group_member where user_id = 'u699' and group_id = 'g7'")
    try await database.psql("delete from membership where user_id = 'u3'")
    let people = try check.findings([]).compactMap(\.user?.text)
    #expect(people.filter { $0 == "u3" }.count == 13 && people.filter { $0 == "u699" }.count == 1)
    #expect(people.count == 14)
    store.close()
    try await database.remove()
  }

  @Test("Nobody becomes a member of a group that another server deletes")
  func deletion() async throws {
    let database = try await ThrowawayDatabase()
    let stores = [try database.store(), try database.store()]
    let groups = (0..<30).map { Sample.groupID("group-\($0)") }
    let people = (0..<4).map { Sample.userID("user-\($0)") }
    try stores[0].load(groups.map(Sample.group) + people.map { .user(Sample.person($0.text)) })
    let added = await withTaskGroup(of: Int.self) { tasks in
      for group in groups {
        tasks.addTask {
          async let deleted = stores[1].write(.delete(group))
          var added = 0
          for user in people where await stores[0].write(.add(user, to: group)) == .success(.done) { added += 1 }
          #expect(await deleted == .success(.done))
          return added
        }
      }
      return await tasks.reduce(0, +)
    }
    print("Members that were added before their group was deleted: \(added) of \(groups.count * people.count)")
    for table in ["membership", "group_member", "directory_group"] {
      #expect(try await database.psql("select count(*) from \(table)") == "0", "\(table)")
    }
    #expect(try stores[0].check() == [])
    for store in stores { store.close() }
    try await database.remove()
  }

  @Test("A write of one person's membership goes to the node of that person, others to the URL")
  func places() throws {
    let user = Sample.userID("user-0")
    func write(_ operation: SampleGroup) -> StoreWrite { .group(operation) { _ in } }
    let single = write(.remove(user, from: Self.team))
    #expect(single.place == .person(user) && single.isBoundToPlace && !single.isOfOnePlace)
    for operation in [
      SampleGroup.delete(Self.team),
      SampleGroup(group: Self.team, people: [user, Sample.userID("user-1")]) { _ in .add([]) },
    ] {
      #expect(write(operation).place == .severalNodes && !write(operation).isBoundToPlace)
    }
  }
}
