import OData
import Testing

@Suite("PercentEncoding")
struct PercentEncodingTests {
  @Test("Every printable string is the same bytes after encoding and decoding")
  func roundTrip() {
    for text in ["a.b@contoso.com", "a/b%c d", "e\u{301}\u{E9}\u{1F600}", "~-._", "%2F", "''", ""] {
      let encoded = PercentEncoding.encodeSegment(text)
      #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
      #expect(PercentEncoding.decode(encoded.utf8)?.utf8.elementsEqual(text.utf8) == true)
    }
  }

  @Test("Every byte is decoded from upper-case and lower-case escapes; control characters are refused")
  func everyByte() {
    for byte in UInt8.min...UInt8.max {
      let isPlain = byte >= 0x20 && byte < 0x7F
      for isUppercase in [true, false] {
        let hex = String(byte, radix: 16, uppercase: isUppercase)
        let decoded = PercentEncoding.decode("%\(byte < 16 ? "0" : "")\(hex)".utf8)
        #expect((decoded != nil) == isPlain, "\(byte)")
        if isPlain { #expect(decoded?.utf8.first == byte) }
      }
    }
  }

  @Test("Broken escapes and malformed UTF-8 are refused")
  func broken() {
    for text in ["%", "%4", "a%", "%zz", "%4g", "%%41", "%C3", "%C3%28", "%C0%AF", "%ED%A0%80", "%00", "%7F", "%0A"] {
      #expect(PercentEncoding.decode(text.utf8) == nil, "\(text)")
    }
    #expect(PercentEncoding.decode([0x61, 0xFF]) == nil)
  }

  @Test("In a query, every character but NUL is decoded, and a plus sign is a space")
  func queries() {
    for byte in UInt8.min..<0x80 {
      let decoded = PercentEncoding.decodeQuery("a%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))+".utf8)
      #expect(decoded == (byte == 0 ? nil : "a\(UnicodeScalar(byte)) "), "\(byte)")
    }
    for text in ["%", "%4", "%C3%28", "%FF", "%00"] {
      #expect(PercentEncoding.decodeQuery(text.utf8) == nil, "\(text)")
    }
  }

  @Test("Percent-encoding is decoded exactly once")
  func once() {
    #expect(PercentEncoding.decode("%2540".utf8) == "%40")
    #expect(PercentEncoding.decode("a+b".utf8) == "a+b")
  }
}
