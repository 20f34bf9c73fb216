extension JSONReader {
  /// Steps over a byte order mark at the start of a text that came from outside, as RFC 8259 section 8.1 allows. Throws
  /// when the mark is that of another encoding.
  public mutating func skipByteOrderMark() throws(JSONError) {
    guard offset == 0, bytes.count >= 2, bytes[0] >= 0xEF else { return }
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
    if (bytes[0], bytes[1]) == (0xFE, 0xFF) || (bytes[0], bytes[1]) == (0xFF, 0xFE) {
      throw JSONError(.otherEncoding, at: 0)
    }
  }
}
