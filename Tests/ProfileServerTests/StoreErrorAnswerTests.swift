import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

/// Responses to errors of the store. Official clients repeat a request after 503, so it may only be used when nothing
/// was changed.
@Suite("Responses to store errors")
struct StoreErrorAnswerTests {
  @Test("An unknown outcome is not 503, and the message says what to do")
  func unknown() {
    let error = GraphError(StoreError.unresolved)
    #expect(error.status == .internalServerError)
    #expect(error.message.contains("not known") && error.message.contains("Idempotency-Key"))
    #expect(!error.message.contains("Nothing was changed"))
    #expect(error.headers == [:])
  }

  @Test("During an outage of the database the message is true for reads too")
  func outage() {
    let error = GraphError(StoreError.unavailable("The database server cannot be reached."))
    #expect(error.message.contains("cannot reach its database") && !error.message.contains("writes"))
  }

  @Test(
    "An error that changed nothing and may pass is 503 with Retry-After",
    arguments: [
      StoreError.transient("The database reported: disk I/O error."), .diskFull, .overloaded,
      .unavailable("The database server cannot be reached."), .readOnly("A file was moved."), .closed,
    ])
  func notDone(_ failure: StoreError) {
    let error = GraphError(failure)
    #expect(error.status == .serviceUnavailable)
    #expect(error.message.contains("Nothing was changed"))
    #expect(error.headers != [:])
    // The reason is for operators.
    #expect(!error.message.contains("reported") && !error.message.contains("moved"))
  }
}
