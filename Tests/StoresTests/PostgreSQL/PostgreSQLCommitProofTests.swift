import Foundation
import Profiles
import Testing

@testable import Stores

/// Whether a transaction was committed, found out by a connection that did not run it.
@Suite("What became of a transaction whose reply was lost")
struct PostgreSQLCommitProofTests {
  private static let ann = Sample.userID("ann")

  /// The evidence of a transaction that has ended on its server, for the row at this place in the chain of Ann.
  private static func proof(_ database: ThrowawayDatabase, at length: Int64) async throws -> PostgreSQLCommitProof {
    let transaction = try await database.psql("select pg_current_xact_id()")
    #expect(try await database.psql("select pg_xact_status('\(transaction)')") == "committed")
    return PostgreSQLCommitProof(
      transaction: transaction, owner: AuditChainOwner(user: ann, tenant: .demo),
      chain: AuditChain(length: length, tip: [1, 2, 3]))
  }

  private static func insert(at length: Int, code: String) -> String {
    """
    insert into record (user_id, tenant, position, time, kind, properties, code)
    values ('ann', '\(TenantID.demo.text)', \(length), 0, 0, '', '\(code)')
    """
  }

  private static func connection(_ database: ThrowawayDatabase) throws -> PostgreSQLConnection {
    try PostgreSQLConnection(database.url, namesStatements: true)
  }

  @Test("A row that is there, one that is not, and one that another transaction put in its place")
  func rows() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    let connection = try Self.connection(database)
    try await database.psql(Self.insert(at: 1, code: #"\x010203"#))
    try await database.psql(Self.insert(at: 2, code: #"\x040506"#))
    #expect(try await Self.proof(database, at: 1).outcome(connection) == .committed)
    #expect(try await Self.proof(database, at: 2).outcome(connection) == .notCommitted)
    #expect(try await Self.proof(database, at: 3).outcome(connection) == .notCommitted)
    // Nothing was left by the look.
    #expect(try await database.psql("select count(*) from record") == "2")
    try await database.remove()
  }

  /// As on a node of Citus between the two phases: the transaction of the server that began it has ended, and the row is
  /// prepared.
  @Test(
    "A transaction that is prepared counts as under way, until it is committed or rolled back",
    arguments: [true, false])
  func prepared(_ isCommitted: Bool) async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    try database.store().close()
    let connection = try Self.connection(database)
    let name = "prepared_\(database.name)"
    try await database.psql(
      "begin; \(Self.insert(at: 1, code: #"\x010203"#)); prepare transaction '\(name)'")
    let proof = try await Self.proof(database, at: 1)
    #expect(try proof.outcome(connection) == .underWay)
    #expect(try proof.outcome(connection) == .underWay)
    try await database.psql("\(isCommitted ? "commit" : "rollback") prepared '\(name)'")
    #expect(try proof.outcome(connection) == (isCommitted ? .committed : .notCommitted))
    try await database.remove()
  }
}
