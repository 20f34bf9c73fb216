import Profiles
import Testing

@testable import Stores

/// What follows from a failure.
@Suite("Failures of PostgreSQL")
struct PostgreSQLFailureTests {
  @Test("That a node cannot reach another one is no outage of the node, but may follow a commit")
  func otherNode() {
    let failure = PostgreSQLFailure.state("08006")
    #expect(failure.isOfOtherNode && !failure.isOutage && !failure.needsNewConnection)
    #expect(failure.mayFollowCommit)
    guard case .unavailable = failure.storeError else {
      Issue.record("It is no failure that passes: \(failure.storeError)")
      return
    }
  }

  @Test(
    "A server that stops, starts or is lost is an outage",
    arguments: ["57P01", "57P03", "08P01", "08003", "53300", "25006"])
  func outage(_ state: String) {
    let failure = PostgreSQLFailure.state(state)
    #expect(failure.isOutage && !failure.isOfOtherNode && failure.mayFollowCommit)
  }

  @Test("A shard that has moved spoils nothing")
  func misplaced() {
    #expect(!PostgreSQLFailure.misplaced.isOutage && !PostgreSQLFailure.misplaced.mayFollowCommit)
    #expect(!PostgreSQLFailure.misplaced.isConflict && !PostgreSQLFailure.misplaced.needsNewConnection)
  }
}
