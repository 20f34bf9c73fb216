import OData
import Testing

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
}
