import NIOCore
import Synchronization
import Testing

@testable import ProfileServer

@Suite("Memory of connections")
struct BufferedBytesBudgetTests {
  private final class Connection {}

  private let closed = Counter()

  private final class Counter: Sendable {
    let names = Mutex<[String]>([])
    func add(_ name: String) { names.withLock { $0.append(name) } }
    var all: [String] { names.withLock { $0 } }
  }

  @Test("At the bound nothing is closed; one byte beyond it, the connection longest without progress is")
  func edge() {
    let memory = BufferedBytesBudget(bytesMax: 100)
    let (first, second) = (Connection(), Connection())
    let now = NIODeadline.now()
    memory.set(ObjectIdentifier(first), to: 40, hasProgressed: true, now: now) { [closed] in closed.add("first") }
    memory.set(ObjectIdentifier(second), to: 60, hasProgressed: true, now: now + .seconds(1)) { [closed] in
      closed.add("second")
    }
    #expect(closed.all == [] && memory.bytes == 100)
    memory.set(ObjectIdentifier(second), to: 61, hasProgressed: false, now: now + .seconds(2)) { [closed] in
      closed.add("second")
    }
    #expect(closed.all == ["first"] && memory.bytes == 61)
  }

  @Test("A connection that makes progress outlives one that makes none, whichever is older")
  func progress() {
    let memory = BufferedBytesBudget(bytesMax: 100)
    let connections = (0..<3).map { _ in Connection() }
    let now = NIODeadline.now()
    for (number, connection) in connections.enumerated() {
      memory.set(ObjectIdentifier(connection), to: 30, hasProgressed: true, now: now + .seconds(Int64(number))) {
        [closed] in closed.add("\(number)")
      }
    }
    memory.set(ObjectIdentifier(connections[0]), to: 30, hasProgressed: true, now: now + .seconds(9)) { [closed] in
      closed.add("0")
    }
    memory.set(ObjectIdentifier(connections[2]), to: 60, hasProgressed: false, now: now + .seconds(10)) { [closed] in
      closed.add("2")
    }
    #expect(closed.all == ["1"])
  }

  @Test("A single connection beyond the bound is closed, and a closed one no longer counts")
  func alone() {
    let memory = BufferedBytesBudget(bytesMax: 100)
    let (one, other) = (Connection(), Connection())
    memory.set(ObjectIdentifier(one), to: 101, hasProgressed: true, now: .now()) { [closed] in closed.add("one") }
    #expect(closed.all == ["one"] && memory.bytes == 0)
    memory.set(ObjectIdentifier(other), to: 100, hasProgressed: true, now: .now()) { [closed] in closed.add("other") }
    memory.remove(ObjectIdentifier(other))
    memory.remove(ObjectIdentifier(other))
    #expect(memory.bytes == 0)
    memory.set(ObjectIdentifier(one), to: 100, hasProgressed: true, now: .now()) { [closed] in closed.add("one") }
    #expect(closed.all == ["one"])
  }
}
