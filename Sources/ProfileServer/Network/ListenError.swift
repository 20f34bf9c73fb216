import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An address that cannot be listened on.
public struct ListenError: Error, Equatable, Sendable {
  /// The reasons, each with its own remedy.
  enum Cause: Equatable {
    case inUse, notOfThisMachine, notAllowed, noSuchHost
    /// `reason` is the message of the operating system.
    case other(reason: String)
  }

  /// The host of the address.
  let host: String
  let port: Int
  /// The command-line option that sets the port.
  let option: String
  /// Why the address is not available.
  let cause: Cause

  /// The error of a failed bind.
  init(host: String, port: Int, option: String, _ error: any Error) {
    (self.host, self.port, self.option) = (host, port, option)
    guard let error = error as? IOError else {
      // NIO reports an unknown host by an error of another type.
      cause = .noSuchHost
      return
    }
    switch error.errnoCode {
    case EADDRINUSE: cause = .inUse
    case EADDRNOTAVAIL: cause = .notOfThisMachine
    case EACCES, EPERM: cause = .notAllowed
    default: cause = .other(reason: String(cString: strerror(error.errnoCode)))
    }
  }

  /// A sentence for the operator: what is wrong and what to do.
  public var message: String {
    switch cause {
    case .inUse: "\(host):\(port) is in use by another process. Stop that, or choose another port with \(option)."
    case .notOfThisMachine: "\(host) is not an address of this machine. Choose one of its own with --host."
    case .notAllowed:
      "This user may not listen on port \(port). Choose one from 1024 on with \(option), or grant the right to lower ones."
    case .noSuchHost: "\(host) is neither an address nor a name that is known here. Correct --host."
    case .other(let reason):
      "\(host):\(port) cannot be listened on: \(reason). Choose another address with --host, or another port with "
        + "\(option)."
    }
  }
}
