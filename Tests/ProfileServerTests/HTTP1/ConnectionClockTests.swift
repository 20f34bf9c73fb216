import NIOCore
import Testing

@testable import ProfileServer

/// Time on a connection, without waiting for it.
@Suite("The clock of a connection")
struct ConnectionClockTests {
  private static let timeouts = ConnectionTimeouts(
    header: .seconds(10), bodyPause: .seconds(10), request: .seconds(60), idle: .seconds(75), linger: .seconds(2))

  private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

  private static func clock(_ events: (inout ConnectionClock) -> Void) -> ConnectionClock {
    var clock = ConnectionClock(timeouts, now: at(0))
    events(&clock)
    return clock
  }

  @Test("An idle connection is closed after its time, and not before")
  func idle() {
    let clock = Self.clock { _ in }
    #expect(clock.verdict(now: Self.at(75)) == .fine)
    #expect(clock.verdict(now: Self.at(76)) == .closeIdle)
  }

  @Test("A header section has its time from its first byte, however many bytes follow")
  func header() {
    let clock = Self.clock {
      $0.received(now: Self.at(70))
      $0.received(now: Self.at(79))
    }
    #expect(clock.verdict(now: Self.at(80)) == .fine)
    #expect(clock.verdict(now: Self.at(81)) == .refuseSlow)
  }

  @Test("A body may pause, but not for long")
  func bodyPause() {
    let clock = Self.clock {
      $0.received(now: Self.at(1))
      $0.headerEnded(now: Self.at(1))
      $0.received(now: Self.at(9))
    }
    #expect(clock.verdict(now: Self.at(19)) == .fine)
    #expect(clock.verdict(now: Self.at(20)) == .refuseSlow)
  }

  @Test("A body that trickles is refused when the request takes too long")
  func trickle() {
    let clock = Self.clock {
      $0.received(now: Self.at(0))
      $0.headerEnded(now: Self.at(0))
      for second in 1...61 { $0.received(now: Self.at(Int64(second))) }
    }
    #expect(clock.verdict(now: Self.at(60)) == .fine)
    #expect(clock.verdict(now: Self.at(61)) == .refuseSlow)
  }

  @Test("An answer may take its time, and idle time begins after it")
  func answering() {
    var clock = Self.clock {
      $0.received(now: Self.at(0))
      $0.headerEnded(now: Self.at(0))
      $0.requestEnded()
    }
    #expect(clock.verdict(now: Self.at(500)) == .fine)
    clock.answered(now: Self.at(500))
    #expect(clock.verdict(now: Self.at(575)) == .fine)
    #expect(clock.verdict(now: Self.at(576)) == .closeIdle)
  }

  @Test("A client that takes nothing is cut off, one that takes something again is not")
  func blocked() {
    var clock = Self.clock {
      $0.requestEnded()
      $0.unsent(1_000, now: Self.at(10))
      $0.unsent(1_000, now: Self.at(60))
    }
    #expect(clock.verdict(now: Self.at(85)) == .fine)
    #expect(clock.verdict(now: Self.at(86)) == .cut)
    clock.unsent(999, now: Self.at(86))
    #expect(clock.verdict(now: Self.at(161)) == .fine)
    clock.unsent(0, now: Self.at(161))
    #expect(clock.verdict(now: Self.at(500)) == .fine)
  }

  @Test("A refused client may go on sending for a moment")
  func lingering() {
    let clock = Self.clock {
      $0.received(now: Self.at(0))
      $0.lingers(now: Self.at(5))
      $0.received(now: Self.at(6))
    }
    #expect(clock.verdict(now: Self.at(7)) == .fine)
    #expect(clock.verdict(now: Self.at(8)) == .cut)
  }

  @Test("Idle time and lingering begin when everything was sent")
  func afterSending() {
    var clock = Self.clock {
      $0.answered(now: Self.at(0))
      $0.unsent(9, now: Self.at(1))
      $0.unsent(8, now: Self.at(70))
      $0.unsent(0, now: Self.at(100))
    }
    #expect(clock.verdict(now: Self.at(175)) == .fine)
    #expect(clock.verdict(now: Self.at(176)) == .closeIdle)
    clock.lingers(now: Self.at(200))
    clock.unsent(5, now: Self.at(200))
    #expect(clock.verdict(now: Self.at(230)) == .fine)
    clock.unsent(0, now: Self.at(231))
    #expect(clock.verdict(now: Self.at(233)) == .fine)
    #expect(clock.verdict(now: Self.at(234)) == .cut)
  }
}
