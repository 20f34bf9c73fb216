import NIOCore

extension ByteBuffer {
  /// Calls `read` with the readable bytes and rethrows its typed error, which NIO's `withUnsafeReadableBytes` would
  /// erase.
  func withBytes<Answer, Failure: Error>(
    _ read: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    let result: Result<Answer, Failure> = withUnsafeReadableBytes { bytes in
      do throws(Failure) {
        return .success(try read(bytes.bindMemory(to: UInt8.self)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
