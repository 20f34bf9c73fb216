import Foundation
import Synchronization

/// Stands before a node of Citus, and takes it away at the moment at which another node tells it to commit what it has prepared.
final class PhaseProxy: Sendable {
  private struct State {
    var isArmed = false
    var isAway = false
    var sockets: Set<Int32> = []
  }

  /// Where the node is reached instead.
  let port: Int
  private let target: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  /// Forwards to a port of this machine.
  init(to target: String) throws {
    guard let target = UInt16(target) else { throw CocoaError(.coderInvalidValue) }
    self.target = target
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard Self.withAddress(0, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
      throw CocoaError(.fileWriteUnknown)
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
    }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [self] in accept() }.start()
  }

  /// From now on the node goes away between the phases of a commit.
  func arm() { state.withLock { $0.isArmed = true } }

  /// Whether the node has gone away.
  var isAway: Bool { state.withLock(\.isAway) }

  /// Brings the node back.
  func start() { state.withLock { $0.isAway = false } }

  /// Takes no more connections.
  func close() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      let isOpen = state.withLock { state in
        guard !state.isAway, Self.withAddress(target, { connect(server, $0, $1) }) == 0 else { return false }
        state.sockets.formUnion([client, server])
        return true
      }
      guard isOpen else {
        Glibc.close(client)
        Glibc.close(server)
        continue
      }
      let ends = Ends()
      Thread { [self] in copy(client, server, ends, isFromClient: true) }.start()
      Thread { [self] in copy(server, client, ends, isFromClient: false) }.start()
    }
  }

  /// The two that copy, of whom the last closes the sockets.
  private final class Ends: Sendable {
    private let count = Atomic(2)
    func isLastToLeave() -> Bool { count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
  }

  private func copy(_ from: Int32, _ to: Int32, _ ends: Ends, isFromClient: Bool) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(from, &buffer, buffer.count)
      guard count > 0, !(isFromClient && takesAway(buffer.prefix(count))) else { break }
      var sent = 0
      while sent < count {
        let step = buffer[sent..<count].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard step > 0 else { break }
        sent += step
      }
      guard sent == count else { break }
    }
    shutdown(from, Int32(SHUT_RDWR))
    shutdown(to, Int32(SHUT_RDWR))
    guard ends.isLastToLeave() else { return }
    state.withLock { $0.sockets.subtract([from, to]) }
    Glibc.close(from)
    Glibc.close(to)
  }

  /// Ends every connection when the second phase begins.
  private func takesAway(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.firstRange(of: Array("COMMIT PREPARED".utf8)) != nil else { return false }
    return state.withLock { state in
      guard state.isArmed else { return false }
      (state.isArmed, state.isAway) = (false, true)
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
      return true
    }
  }

  private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
