import Foundation
import Synchronization

/// Stands between a store and its server, and cuts every connection after so many bytes, in whichever direction they go.
final class CuttingProxy: Sendable {
  /// The directory of its socket.
  let directory: String
  private let target: String
  private let listener: Int32
  private let bytesLeft: @Sendable () -> Int
  private let isOpen = Atomic(true)
  private let isStalled = Atomic(false)

  /// Forwards to the socket in `socketDirectory`; `bytes` is asked for each connection.
  init(to socketDirectory: String, in directory: String, bytes: @escaping @Sendable () -> Int) throws {
    self.directory = directory
    target = "\(socketDirectory)/.s.PGSQL.5432"
    bytesLeft = bytes
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard Self.withAddress("\(directory)/.s.PGSQL.5432", { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0
    else {
      throw CocoaError(.fileWriteUnknown)
    }
    Thread { [self] in accept() }.start()
  }

  /// Lets everything pass from now on.
  func stopCutting() { isOpen.store(false, ordering: .relaxed) }

  /// Lets nothing pass from now on, without saying so.
  func stall() { isStalled.store(true, ordering: .relaxed) }

  /// Takes no more connections.
  func close() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      guard Self.withAddress(target, { connect(server, $0, $1) }) == 0 else {
        Glibc.close(client)
        Glibc.close(server)
        continue
      }
      let left = Budget(isOpen.load(ordering: .relaxed) ? bytesLeft() : .max)
      for (from, to) in [(client, server), (server, client)] {
        Thread { [self] in copy(from, to, left) }.start()
      }
    }
  }

  private final class Budget: Sendable {
    private let bytes: Atomic<Int>
    init(_ bytes: Int) { self.bytes = Atomic(bytes) }
    /// How many of these bytes may still pass.
    func take(_ count: Int) -> Int {
      let before = bytes.wrappingSubtract(count, ordering: .relaxed).oldValue
      return max(0, min(count, before))
    }
  }

  private func copy(_ from: Int32, _ to: Int32, _ left: Budget) {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(from, &buffer, buffer.count)
      let allowed = count > 0 ? left.take(count) : 0
      if allowed > 0, !isStalled.load(ordering: .relaxed) { _ = send(to, buffer, allowed, Int32(MSG_NOSIGNAL)) }
      guard count > 0, allowed == count else { break }
    }
    shutdown(from, Int32(SHUT_RDWR))
    shutdown(to, Int32(SHUT_RDWR))
  }

  static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      bytes.copyBytes(from: path.utf8.prefix(bytes.count - 1))
    }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
