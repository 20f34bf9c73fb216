import NIOCore

extension ByteBuffer {
  /// Gives the readable bytes to a reader that throws errors of one type, which NIO's own function would forget.
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
