import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Resolves host names, so that addresses can be checked before anything is sent to one of them.
public enum AddressLookup {
  /// The addresses of a host name, or of an address without brackets, in the system's order of preference; empty when
  /// there are none, or when the task is cancelled before the system answers.
  public static func addresses(of host: String) async -> [NetworkAddress] {
    let (answers, answer) = AsyncStream<[NetworkAddress]>.makeStream()
    // The system's resolver blocks and cannot be interrupted: a cancelled caller stops waiting, the thread goes on.
    // It has a thread of its own: queues of Dispatch would take theirs from those of the cooperative pool.
    Thread {
      answer.yield(resolve(host))
      answer.finish()
    }.start()
    for await addresses in answers { return addresses }
    return []
  }

  /// Whether `host` resolves to loopback addresses only, so that no other machine reaches a listener there.
  public static func isLoopback(_ host: String) async -> Bool {
    let addresses = await addresses(of: host)
    return !addresses.isEmpty && addresses.allSatisfy(\.isLoopback)
  }

  private static func resolve(_ host: String) -> [NetworkAddress] {
    // An empty name would mean this machine.
    guard !host.isEmpty else { return [] }
    var hints = addrinfo()
    hints.ai_socktype = streamSocket
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var entry = list
    while let current = entry {
      if let address = NetworkAddress(current.pointee), !found.contains(address) { found.append(address) }
      entry = current.pointee.ai_next
    }
    return found
  }

  #if canImport(Glibc)
    private static let streamSocket = Int32(SOCK_STREAM.rawValue)
  #else
    private static let streamSocket = SOCK_STREAM
  #endif
}

extension NetworkAddress {
  /// The address in an entry of `getaddrinfo`; nil for another address family.
  fileprivate init?(_ entry: addrinfo) {
    guard let address = entry.ai_addr else { return nil }
    switch entry.ai_family {
    case AF_INET:
      self.init(
        bytes: address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Self.bytes(of: $0.pointee.sin_addr) })
    case AF_INET6:
      self.init(
        bytes: address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { Self.bytes(of: $0.pointee.sin6_addr) })
    default: return nil
    }
  }

  private static func bytes(of address: some Any) -> [UInt8] { withUnsafeBytes(of: address) { Array($0) } }
}
