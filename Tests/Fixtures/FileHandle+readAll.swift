public import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension FileHandle {
  /// Everything until the other side closes. Foundation's `readToEnd` fails when a signal comes meanwhile (EINTR), which
  /// says nothing of the file.
  public func readAll() throws -> Data {
    var all = Data()
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = systemRead(fileDescriptor, &piece, piece.count)
      guard count != 0 else { return all }
      if count > 0 {
        all.append(contentsOf: piece[..<count])
      } else if errno != EINTR {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    }
  }
}

/// The call of the system, whose name a method of `FileHandle` has too.
private let systemRead: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = { read($0, $1, $2) }
