import Testing

@testable import Stores

/// One connection to PostgreSQL.
@Suite("A connection to PostgreSQL")
struct PostgreSQLConnectionTests {
  private static func query(_ sql: String) -> PostgreSQLQuery { PostgreSQLQuery(PostgreSQLStatement("", sql)) }

  @Test("One that did not answer in time answers nothing more: a late answer would be taken for another")
  func lateAnswers() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    let connection = try PostgreSQLConnection(database.url, namesStatements: true, answerSeconds: 1)
    #expect(try connection.run([Self.query("select 1::bigint")]).first?.first?.int64(0) == 1)
    #expect(throws: PostgreSQLFailure.disconnected) {
      try connection.run([Self.query("select 2::bigint from pg_sleep(2)")])
    }
    #expect(connection.isLost)
    StoreThread.pause(milliseconds: 2_000)
    #expect(throws: PostgreSQLFailure.disconnected) { try connection.run([Self.query("select 3::bigint")]) }
    try await database.remove()
  }

  @Test("A statement that was prepared before another one failed is there afterwards")
  func preparedBeforeFailure() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    let connection = try PostgreSQLConnection(database.url, namesStatements: true)
    let good = PostgreSQLQuery(PostgreSQLStatement("good", "select 1::bigint"))
    let bad = PostgreSQLQuery(PostgreSQLStatement("bad", "select 1 / 0"))
    for _ in 0..<2 {
      #expect(throws: PostgreSQLFailure.state("22012")) { try connection.run([good, bad]) }
      #expect(try connection.run([good]).first?.first?.int64(0) == 1)
    }
    try await database.remove()
  }
}
