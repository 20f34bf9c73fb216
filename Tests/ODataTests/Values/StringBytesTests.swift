import Testing

@testable import OData

@Suite("Strings compared by their bytes")
struct StringBytesTests {
  @Test("Strings are the same when every byte is, at every length")
  func sameBytes() {
    for length in 0..<40 {
      let text = String(repeating: "x", count: length)
      #expect(text.hasSameBytes(as: String(repeating: "x", count: length)))
      #expect(!text.hasSameBytes(as: text + "x") && !(text + "x").hasSameBytes(as: text))
      for place in 0..<length {
        var other = Array(text.utf8)
        other[place] = UInt8(ascii: "y")
        #expect(!text.hasSameBytes(as: String(decoding: other, as: UTF8.self)), "\(length) \(place)")
      }
    }
  }

  @Test("Strings that are equal to Swift may differ in bytes")
  func canonicalEquivalence() {
    #expect("é" == "e\u{301}" && !"é".hasSameBytes(as: "e\u{301}"))
    // Even when they have the same length.
    let (left, right) = ("a\u{316}\u{301}", "a\u{301}\u{316}")
    #expect(left == right && left.utf8.count == right.utf8.count && !left.hasSameBytes(as: right))
  }

  @Test("Names match in any case of ASCII letters, and of no others")
  func names() {
    #expect("phones".isSameName(as: "PHONES") && "v1.0".isSameName(as: "V1.0") && "".isSameName(as: ""))
    #expect(!"phones".isSameName(as: "phone") && !"phones".isSameName(as: "phonez"))
    // Other bytes that differ in the bit that tells upper case from lower.
    #expect(!"a[b".isSameName(as: "a{b") && !"a@b".isSameName(as: "a`b"))
    #expect(!"É".isSameName(as: "é") && "É".isSameName(as: "É"))
  }

  @Test("A byte is found where it is")
  func contains() {
    #expect("it's".contains(byte: UInt8(ascii: "'")) && !"its".contains(byte: UInt8(ascii: "'")))
    #expect(!"".contains(byte: 0))
  }

  /// Texts of every length up to 20 with each byte at each place among letters.
  private func forEveryByte(_ body: ([UInt8], UInt8) -> Void) {
    for length in 1...20 {
      for place in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: UInt8(ascii: "k"), count: length)
          bytes[place] = byte
          body(bytes, byte)
        }
      }
    }
  }

  @Test("Eight bytes at a time, the same bytes are found as one by one")
  func words() {
    forEveryByte { bytes, byte in
      bytes.withUnsafeBufferPointer { buffer in
        let isPrintable = (0x20...0x7E).contains(byte)
        #expect(buffer.isPrintableASCII() == isPrintable, "\(bytes)")
        #expect(buffer.isPrintableASCII(without: 0x25) == (isPrintable && byte != 0x25), "\(bytes)")
        #expect(buffer.isFreeOfEscapes == (byte >= 0x20 && byte != 0x22 && byte != 0x5C), "\(bytes)")
      }
      if byte < 0x80 {
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(byte: byte) && text.contains(byte: 0x2A) == (byte == 0x2A), "\(bytes)")
      }
    }
    #expect([].withUnsafeBufferPointer { (empty: UnsafeBufferPointer<UInt8>) in empty.isPrintableASCII() })
  }

  @Test("A GUID shows its 128 bits as hexadecimal digits in five groups")
  func guid() {
    #expect(
      GUID.text(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210) == "01234567-89ab-cdef-fedc-ba9876543210")
    #expect(GUID.text(high: 0, low: .max) == "00000000-0000-0000-ffff-ffffffffffff")
    for bit in 0..<64 {
      let digits = String(UInt64(1) << UInt64(bit), radix: 16)
      let text = GUID.text(high: 1 << UInt64(bit), low: 0).filter { $0 != "-" }
      #expect(text == String(repeating: "0", count: 16 - digits.count) + digits + String(repeating: "0", count: 16))
    }
  }
}
