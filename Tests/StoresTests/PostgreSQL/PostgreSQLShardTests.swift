import Foundation
import Testing

@testable import Stores

/// On how many shards of a distributed database the statements of a request run: on Citus (`Scripts/with-citus`), and on
/// tables in partitions where there is no Citus. A statement that asks every shard is slower with each node.
@Suite("Statements on a distributed database")
struct PostgreSQLShardTests {
  @Test("Every statement of the sources is in one of the lists")
  func lists() throws {
    let lists = [
      PostgreSQLStatements.ofOneShard, PostgreSQLStatements.ofEveryShard, PostgreSQLStatements.ofOneDatabase,
      PostgreSQLStatements.ofNoRequest,
    ]
    let known = lists.joined().map(\.name)
    #expect(Set(known).count == known.count)
    let names = try PostgreSQLStatements.namesInSources()
    #expect(names.count > 60)
    for name in names {
      let isKnown = known.contains(name) || (name.hasSuffix("_") && known.contains { $0.hasPrefix(name) })
      #expect(isKnown, "\(name) is in no list of PostgreSQLStatements")
    }
    for name in known {
      #expect(names.contains { name == $0 || ($0.hasSuffix("_") && name.hasPrefix($0)) }, "\(name) is not defined")
    }
  }

  @Test("No statement of a request asks more than one shard")
  func oneShard() async throws {
    let database = try await database()
    for statement in PostgreSQLStatements.ofOneShard {
      let plan = try await Self.plan(statement, database)
      #expect(Self.shardCount(plan) <= 1, "\(statement.name) asks several shards:\n\(plan)")
      #expect(!plan.contains("Distributed Subplan"), "\(statement.name) takes several trips:\n\(plan)")
    }
    for statement in PostgreSQLStatements.ofEveryShard {
      let plan = try await Self.plan(statement, database)
      // Of the partitioned tables are only those of the first form.
      let asked = Self.isCitus || statement.sql.contains(" person") ? Self.shards : 0
      #expect(Self.shardCount(plan) == asked, "What is asked is not found out:\n\(plan)")
    }
    try await database.remove()
  }

  private static let isCitus = ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"] != nil
  /// The shards of each table: as many as Citus makes by default, or those of `PostgreSQLPartitionTests`.
  private static let shards = isCitus ? 32 : 4

  private func database() async throws -> ThrowawayDatabase {
    let database = try await ThrowawayDatabase()
    if !Self.isCitus { try await database.psql(try PostgreSQLPartitionTests.tables()) }
    try database.store().close()
    return database
  }

  /// The plan for values of some person.
  private static func plan(_ statement: PostgreSQLStatement, _ database: ThrowawayDatabase) async throws -> String {
    var values: [Int: String] = [:]
    for match in statement.sql.matches(of: #/\$(\d+)::(bigint|bytea|integer|text)(\[\])?/#) {
      let value = match.2 == "bytea" ? #"'\x31'"# : "'1'"
      values[try #require(Int(match.1))] = match.3 == nil ? value : "array[\(value)]::\(match.2)[]"
    }
    #expect(values.keys.sorted() == Array(1..<(values.count + 1)), "\(statement.name) has a parameter without a type")
    let list = values.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
    return try await database.psql(
      """
      set plan_cache_mode = force_custom_plan; prepare asked as \(statement.sql);
      explain (costs off) execute asked\(list.isEmpty ? "" : "(\(list))")
      """)
  }

  /// How many shards a plan asks. The partitions of a person have the same number in every table.
  private static func shardCount(_ plan: String) -> Int {
    if isCitus { return plan.matches(of: #/Task Count: (\d+)/#).compactMap { Int($0.1) }.max() ?? 0 }
    return Set(plan.matches(of: #/ on [a-z_]+_(\d)\b/#).map(\.1)).count
  }
}
