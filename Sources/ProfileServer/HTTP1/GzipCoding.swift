import CZlib
import OData

/// The content coding gzip of responses (RFC 9110 section 8.4.1.3).
enum GzipCoding {
  /// Compresses a document to one gzip member (RFC 1952) without a name and a time, so that equal documents give equal
  /// bytes; nil when the result would not be shorter. Takes about 25 ms for each megabyte.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    let windowBits: Int32 = 15 + 16
    guard
      deflateInit2_(
        &stream, Z_BEST_COMPRESSION, Z_DEFLATED, windowBits, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count)
    let result = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return deflate(&stream, Z_FINISH)
      }
    }
    // The output has the size of the document: without an end the result is not shorter.
    guard result == Z_STREAM_END else { return nil }
    return Array(output.prefix(output.count - Int(stream.avail_out)))
  }

  /// Whether `Accept-Encoding` accepts gzip with no lower weight than the identity coding (RFC 9110 section 12.5.3).
  static func isPreferred(by acceptEncoding: [String]) -> Bool {
    let weights = FieldList.weights(acceptEncoding)
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    return gzip > 0 && gzip >= (weights["identity"] ?? 0)
  }
}
