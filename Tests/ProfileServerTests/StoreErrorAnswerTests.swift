import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

/// What clients hear of a store that fails. Official ones repeat 503 by themselves, so that it may only be said of what was
/// not done.
@Suite("Answers about a store that fails")
struct StoreErrorAnswerTests {
  @Test("An unknown outcome is no 503, and the answer says that it is unknown and what to do")
  func unknown() {
    let error = GraphError(StoreError.unresolved)
    #expect(error.status == .internalServerError)
    #expect(error.message.contains("not known") && error.message.contains("Idempotency-Key"))
    #expect(!error.message.contains("Nothing was changed"))
    #expect(error.headers == [:])
  }

  @Test("During an outage of the database a read is told that, and nothing of writes")
  func outage() {
    let error = GraphError(StoreError.unavailable("The database server cannot be reached."))
    #expect(error.message.contains("cannot reach its database") && !error.message.contains("writes"))
  }

  @Test(
    "What was not done for certain, and may succeed when it is repeated, is 503 with Retry-After",
    arguments: [
      StoreError.transient("The database reported: disk I/O error."), .diskFull, .overloaded,
      .unavailable("The database server cannot be reached."), .readOnly("A file was moved."), .closed,
    ])
  func notDone(_ failure: StoreError) {
    let error = GraphError(failure)
    #expect(error.status == .serviceUnavailable)
    #expect(error.message.contains("Nothing was changed"))
    #expect(error.headers != [:])
    // The reason is for the operator.
    #expect(!error.message.contains("reported") && !error.message.contains("moved"))
  }
}
