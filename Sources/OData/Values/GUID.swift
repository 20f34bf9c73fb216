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

/// Hexadecimal digits, as JSON escapes and percent-encoding use them (RFC 8259 section 7, RFC 3986 section 2.1).
public enum Hexadecimal {
  /// The lower-case digit for a value from 0 to 15, in ASCII.
  public static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// The value of a digit in either case; nil for any other byte.
  public static func value(of byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
