import CZlib
import OData

/// Compresses a finished document once, for as long as the process lives.
enum GzipDocument {
  /// The document as one member of gzip (RFC 1952) without name and time, so that the same bytes give the same; nil when it
  /// would not be shorter. Takes some 25 ms for each megabyte.
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
    // Without an end there was no room, which is as large as the document itself.
    guard result == Z_STREAM_END else { return nil }
    return Array(output.prefix(output.count - Int(stream.avail_out)))
  }
}

/// Whether a client takes an answer compressed (RFC 9110 section 12.5.3).
enum AcceptedEncoding {
  /// Whether gzip is among what it takes, and no less welcome than the plain form.
  static func takesGzip(_ fields: [String]) -> Bool {
    let weights = FieldList.weights(fields)
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    return gzip > 0 && gzip >= (weights["identity"] ?? 0)
  }
}
