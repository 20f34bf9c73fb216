import NIOCore
import Testing

@testable import ProfileServer

/// The timeouts of a connection, tested without waiting.
@Suite("Timeouts of a connection")
struct TimeoutStateMachineTests {
  private static let timeouts = ConnectionTimeouts(
    header: .seconds(10), bodyPause: .seconds(10), request: .seconds(60), idle: .seconds(75), linger: .seconds(2))

  private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

  private static func state(after events: (inout TimeoutStateMachine) -> Void) -> TimeoutStateMachine {
    var state = TimeoutStateMachine(timeouts, now: at(0))
    events(&state)
    return state
  }

  @Test("An idle connection is closed after the idle timeout, and not before")
  func idle() {
    let state = Self.state { _ in }
    #expect(state.action(now: Self.at(75)) == .none)
    #expect(state.action(now: Self.at(76)) == .closeIdle)
  }

  @Test("The timeout of a header section counts from its first byte, however many follow")
  func header() {
    let state = Self.state {
      $0.bytesReceived(now: Self.at(70))
      $0.bytesReceived(now: Self.at(79))
    }
    #expect(state.action(now: Self.at(80)) == .none)
    #expect(state.action(now: Self.at(81)) == .respondTimeout)
  }

  @Test("A body may pause, but no longer than its timeout")
  func bodyPause() {
    let state = Self.state {
      $0.bytesReceived(now: Self.at(1))
      $0.headerEnded(now: Self.at(1))
      $0.bytesReceived(now: Self.at(9))
    }
    #expect(state.action(now: Self.at(19)) == .none)
    #expect(state.action(now: Self.at(20)) == .respondTimeout)
  }

  @Test("A body that trickles is refused when the request as a whole takes too long")
  func trickle() {
    let state = Self.state {
      $0.bytesReceived(now: Self.at(0))
      $0.headerEnded(now: Self.at(0))
      for second in 1...61 { $0.bytesReceived(now: Self.at(Int64(second))) }
    }
    #expect(state.action(now: Self.at(60)) == .none)
    #expect(state.action(now: Self.at(61)) == .respondTimeout)
  }

  @Test("A response has no timeout, and idle time begins after it")
  func responding() {
    var state = Self.state {
      $0.bytesReceived(now: Self.at(0))
      $0.headerEnded(now: Self.at(0))
      $0.requestEnded()
    }
    #expect(state.action(now: Self.at(500)) == .none)
    state.responseEnded(now: Self.at(500))
    #expect(state.action(now: Self.at(575)) == .none)
    #expect(state.action(now: Self.at(576)) == .closeIdle)
  }

  @Test("A client that reads nothing is cut off; one that reads again is not")
  func blocked() {
    var state = Self.state {
      $0.requestEnded()
      $0.unsent(1_000, now: Self.at(10))
      $0.unsent(1_000, now: Self.at(60))
    }
    #expect(state.action(now: Self.at(85)) == .none)
    #expect(state.action(now: Self.at(86)) == .abort)
    state.unsent(999, now: Self.at(86))
    #expect(state.action(now: Self.at(161)) == .none)
    state.unsent(0, now: Self.at(161))
    #expect(state.action(now: Self.at(500)) == .none)
  }

  @Test("After the last response a client may go on sending for the linger time")
  func lingering() {
    let state = Self.state {
      $0.bytesReceived(now: Self.at(0))
      $0.lingers(now: Self.at(5))
      $0.bytesReceived(now: Self.at(6))
    }
    #expect(state.action(now: Self.at(7)) == .none)
    #expect(state.action(now: Self.at(8)) == .abort)
  }

  @Test("Idle and linger time begin when everything has been sent")
  func afterSending() {
    var state = Self.state {
      $0.responseEnded(now: Self.at(0))
      $0.unsent(9, now: Self.at(1))
      $0.unsent(8, now: Self.at(70))
      $0.unsent(0, now: Self.at(100))
    }
    #expect(state.action(now: Self.at(175)) == .none)
    #expect(state.action(now: Self.at(176)) == .closeIdle)
    state.lingers(now: Self.at(200))
    state.unsent(5, now: Self.at(200))
    #expect(state.action(now: Self.at(230)) == .none)
    state.unsent(0, now: Self.at(231))
    #expect(state.action(now: Self.at(233)) == .none)
    #expect(state.action(now: Self.at(234)) == .abort)
  }
}
