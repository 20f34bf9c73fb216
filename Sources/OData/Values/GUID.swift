/// GUIDs in their text form (OData ABNF `guidValue`; RFC 9562 section 4).
public enum GUID {
  /// The 128 bits as 32 lower-case hexadecimal digits, in groups of 8, 4, 4, 4 and 12.
  public static func text(high: UInt64, low: UInt64) -> String {
    String(unsafeUninitializedCapacity: 36) { text in
      var position = 0
      for digit in 0..<32 {
        if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          text[position] = UInt8(ascii: "-")
          position += 1
        }
        let half = digit < 16 ? high : low
        text[position] = Hexadecimal.digit(UInt8(truncatingIfNeeded: half >> UInt64(60 - digit % 16 * 4)) & 15)
        position += 1
      }
      return position
    }
  }

  /// A new GUID of version 4 from the system's random number generator (RFC 9562 section 5.4). It cannot be guessed.
  public static func random() -> String {
    let high = UInt64.random(in: .min ... .max) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return text(high: high, low: low)
  }
}
