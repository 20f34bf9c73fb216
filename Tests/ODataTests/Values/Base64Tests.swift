import Testing

@testable import OData

@Suite("Base 64")
struct Base64Tests {
  private static func decode(_ text: String) -> [UInt8]? {
    Array(text.utf8).withUnsafeBufferPointer { Base64.decode($0) }
  }

  @Test("The examples of RFC 4648 section 10")
  func examples() {
    let examples = [
      "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
    ]
    for (plain, text) in examples {
      #expect(String(decoding: Base64.encode(Array(plain.utf8)), as: UTF8.self) == text)
      #expect(Self.decode(text) == Array(plain.utf8))
    }
  }

  @Test("Every byte comes back, at every length")
  func everyByte() {
    for length in 0..<300 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + length) }
      #expect(Self.decode(String(decoding: Base64.encode(bytes), as: UTF8.self)) == bytes)
    }
  }

  @Test("A text that is not the one encoding of its bytes is refused")
  func refused() {
    for text in [
      "Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Z=g=", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9-", "Zm9_",
      "Zm9é",
    ] { #expect(Self.decode(text) == nil, "\(text)") }
  }
}
