import Foundation
import Synchronization

/// Stands between a store and its server, counts what passes, and cuts the connection on which a byte passes that it was told.
final class CountingProxy: Sendable {
  /// Which way bytes go.
  enum Direction: CaseIterable { case toServer, toClient }

  private struct State {
    /// Bytes since `begin`, over all connections.
    var passed: [Direction: Int] = [:]
    /// Where messages ended, in the same count.
    var boundaries: [Direction: [Int]] = [:]
    /// How often the server was ready for more.
    var trips = 0
    /// After so many bytes of a direction its connection is cut.
    var cut: (direction: Direction, after: Int)?
    var hasCut = false
  }

  /// The directory of its socket.
  let directory: String
  private let target: String
  private let listener: Int32
  private let state = Mutex(State())

  /// Forwards to the socket in `socketDirectory`.
  init(to socketDirectory: String, in directory: String) throws {
    self.directory = directory
    target = "\(socketDirectory)/.s.PGSQL.5432"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard CuttingProxy.withAddress("\(directory)/.s.PGSQL.5432", { bind(listener, $0, $1) }) == 0,
      listen(listener, 64) == 0
    else { throw CocoaError(.fileWriteUnknown) }
    Thread { [self] in accept() }.start()
  }

  /// Counts from nothing, and cuts once if it is told so.
  func begin(cutting cut: (direction: Direction, after: Int)? = nil) {
    state.withLock { $0 = State(cut: cut) }
  }

  /// Where messages ended since `begin`, and how much passed.
  func seen(_ direction: Direction) -> (boundaries: [Int], bytes: Int) {
    state.withLock { ($0.boundaries[direction] ?? [], $0.passed[direction] ?? 0) }
  }

  /// How many round trips were made since `begin`: each ends when the server is ready for more.
  var trips: Int { state.withLock(\.trips) }

  /// Whether something was cut since `begin`.
  var hasCut: Bool { state.withLock(\.hasCut) }

  /// Takes no more connections.
  func close() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      guard CuttingProxy.withAddress(target, { connect(server, $0, $1) }) == 0 else {
        Glibc.close(client)
        Glibc.close(server)
        continue
      }
      // Each of the two that copy ends the other one; the last closes.
      let open = Shared(2)
      Thread { [self] in copy(client, server, .toServer, open) }.start()
      Thread { [self] in copy(server, client, .toClient, open) }.start()
    }
  }

  private final class Shared: Sendable {
    private let count: Atomic<Int>
    init(_ count: Int) { self.count = Atomic(count) }
    func isLastToLeave() -> Bool { count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
  }

  private func copy(_ from: Int32, _ to: Int32, _ direction: Direction, _ open: Shared) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    // The first message of a client has no type.
    var reader = MessageReader(hasType: direction == .toClient)
    while true {
      let count = read(from, &buffer, buffer.count)
      guard count > 0 else { break }
      let messages = reader.messages(in: buffer.prefix(count))
      if direction == .toClient {
        let trips = messages.count { $0.type == UInt8(ascii: "Z") }
        state.withLock { $0.trips += trips }
      }
      let allowed = pass(count, messages.map(\.end), direction)
      var sent = 0
      while sent < allowed {
        let step = buffer[sent..<allowed].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard step > 0 else { break }
        sent += step
      }
      guard sent == count else { break }
    }
    shutdown(from, Int32(SHUT_RDWR))
    shutdown(to, Int32(SHUT_RDWR))
    guard open.isLastToLeave() else { return }
    Glibc.close(from)
    Glibc.close(to)
  }

  /// Counts bytes and says how many of them may pass.
  private func pass(_ count: Int, _ ends: [Int], _ direction: Direction) -> Int {
    state.withLock { state in
      let before = state.passed[direction] ?? 0
      state.passed[direction] = before + count
      state.boundaries[direction, default: []] += ends.map { before + $0 }
      guard let cut = state.cut, cut.direction == direction, cut.after <= before + count, !state.hasCut else {
        return count
      }
      state.hasCut = true
      return max(0, cut.after - before)
    }
  }
}

/// Finds the types of messages of PostgreSQL's protocol and where they end: a type of one byte, then a length that counts
/// itself.
private struct MessageReader {
  private var header: [UInt8] = []
  private var rest = 0
  private var headerBytes: Int

  init(hasType: Bool) { headerBytes = hasType ? 5 : 4 }

  mutating func messages(in bytes: ArraySlice<UInt8>) -> [(type: UInt8, end: Int)] {
    var ends: [(type: UInt8, end: Int)] = []
    var place = bytes.startIndex
    while place < bytes.endIndex {
      if header.count < headerBytes {
        header.append(bytes[place])
        place += 1
        guard header.count == headerBytes else { continue }
        rest = header.suffix(4).reduce(0) { $0 << 8 | Int($1) } - 4
      }
      let step = min(rest, bytes.endIndex - place)
      place += step
      rest -= step
      guard rest <= 0 else { continue }
      ends.append((header[0], place - bytes.startIndex))
      header = []
      headerBytes = 5
    }
    return ends
  }
}
