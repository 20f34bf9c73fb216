import Foundation
import Testing

@testable import Authentication

@Suite("Base 64 for URLs")
struct Base64URLTests {
  @Test("Each value has one encoding")
  func base64URL() {
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ count) }
      let text = Base64URL.encode(bytes)
      #expect(
        text
          == Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: ""))
      #expect(Base64URL.decode(text.utf8) == bytes)
    }
    for text in ["A", "AA=", "AA==", "AB", "AAB", "A A", "+/", "AAAAA"] { #expect(Base64URL.decode(text.utf8) == nil) }
  }
}
