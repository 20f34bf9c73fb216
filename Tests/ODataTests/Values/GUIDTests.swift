import Foundation
import OData
import Testing

@Suite("GUIDs")
struct GUIDTests {
  @Test("A GUID is written as the system's UUID is, in lower case, and read back")
  func roundTrip() {
    for _ in 0..<1_000 {
      let (high, low) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
      let text = GUID.text(high: high, low: low)
      let bits = Self.bits(of: text)
      #expect(bits?.high == high && bits?.low == low, "\(text)")
      #expect(UUID(uuidString: text)?.uuidString.lowercased() == text)
      let bytes = UUID(uuidString: text).map { withUnsafeBytes(of: $0.uuid) { Array($0) } } ?? []
      #expect(bytes == withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) })
    }
  }

  @Test("Nothing but 32 lower-case digits and four hyphens in their places is a GUID")
  func refused() {
    let text = Array("0123abcd-ef45-4678-9abc-def012345678".utf8)
    for place in text.indices {
      for byte in UInt8.min ... .max {
        var other = text
        other[place] = byte
        let isHyphen = [8, 13, 18, 23].contains(place)
        let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        let isRead = other.withUnsafeBufferPointer { GUID.bits(of: $0) } != nil
        #expect(isRead == (isHyphen ? byte == 0x2D : isDigit), "\(byte) at \(place)")
      }
    }
    for length in [0, 35, 37] { #expect(Self.bits(of: String(repeating: "0", count: length)) == nil) }
  }

  private static func bits(of text: String) -> (high: UInt64, low: UInt64)? { text.withBytes { GUID.bits(of: $0) } }
}
