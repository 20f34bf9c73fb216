/// The `Authorization` header field of bearer tokens (RFC 6750 section 2.1).
enum BearerToken {
  private static let scheme = Array("bearer".utf8)

  /// The range of the token in the field value; nil when the scheme is another one or nothing follows it.
  static func range(in value: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    guard value.count > scheme.count, value[scheme.count] == UInt8(ascii: " ") else { return nil }
    for index in scheme.indices where value[index] | 0x20 != scheme[index] { return nil }
    var start = scheme.count
    while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
    var end = value.count
    while end > start, value[end - 1] == UInt8(ascii: " ") { end -= 1 }
    return start < end ? start..<end : nil
  }
}
