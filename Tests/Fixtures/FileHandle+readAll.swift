public import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension FileHandle {
  /// Reads until the other side closes. Foundation's `readToEnd` fails when a signal interrupts it (EINTR), which says
  /// nothing about the file.
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

/// The system call, whose name `FileHandle` shadows with a method.
private let systemRead: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = { read($0, $1, $2) }
