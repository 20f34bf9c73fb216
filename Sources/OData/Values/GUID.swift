/// GUIDs in their text form (OData ABNF `guidValue`; RFC 9562 section 4).
public enum GUID {
  /// The 128 bits as 32 lower-case hexadecimal digits, in groups of 8, 4, 4, 4 and 12.
  public static func text(high: UInt64, low: UInt64) -> String {
    String(unsafeUninitializedCapacity: 36) { text in
      let bytes = UnsafeMutableRawBufferPointer(text)
      let hyphen = UInt8(ascii: "-")
      (text[8], text[13], text[18], text[23]) = (hyphen, hyphen, hyphen, hyphen)
      bytes.storeBytes(of: Hexadecimal.digits(high >> 32), as: UInt64.self)
      store(Hexadecimal.digits(high & 0xFFFF_FFFF), in: bytes, at: 9, 14)
      store(Hexadecimal.digits(low >> 32), in: bytes, at: 19, 24)
      bytes.storeBytes(of: Hexadecimal.digits(low & 0xFFFF_FFFF), toByteOffset: 28, as: UInt64.self)
      return 36
    }
  }

  /// Stores eight digits in two groups of four.
  private static func store(_ digits: UInt64, in bytes: UnsafeMutableRawBufferPointer, at first: Int, _ second: Int) {
    bytes.storeBytes(of: UInt32(truncatingIfNeeded: digits), toByteOffset: first, as: UInt32.self)
    bytes.storeBytes(of: UInt32(truncatingIfNeeded: digits >> 32), toByteOffset: second, as: UInt32.self)
  }

  /// The 128 bits of exactly the form that `text` gives; nil for any other bytes.
  public static func bits(of text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
    guard text.count == 36 else { return nil }
    let hyphen = UInt8(ascii: "-")
    guard (text[8], text[13], text[18], text[23]) == (hyphen, hyphen, hyphen, hyphen) else { return nil }
    let bytes = UnsafeRawBufferPointer(text)
    guard let first = Hexadecimal.number(bytes.loadUnaligned(as: UInt64.self)),
      let second = Hexadecimal.number(digits(in: bytes, at: 9, 14)),
      let third = Hexadecimal.number(digits(in: bytes, at: 19, 24)),
      let fourth = Hexadecimal.number(bytes.loadUnaligned(fromByteOffset: 28, as: UInt64.self))
    else { return nil }
    return (first << 32 | second, third << 32 | fourth)
  }

  /// Loads eight digits from two groups of four.
  private static func digits(in bytes: UnsafeRawBufferPointer, at first: Int, _ second: Int) -> UInt64 {
    UInt64(bytes.loadUnaligned(fromByteOffset: first, as: UInt32.self))
      | UInt64(bytes.loadUnaligned(fromByteOffset: second, as: UInt32.self)) << 32
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

  /// The lower-case digits of 32 bits as eight bytes, most significant first in memory. All digits are computed at
  /// once, each in its own byte.
  static func digits(_ number: UInt64) -> UInt64 {
    var halves = (number | number << 16) & 0x0000_FFFF_0000_FFFF
    halves = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF
    let values = (halves | halves << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let ones: UInt64 = 0x0101_0101_0101_0101
    let letters = (values &+ ones &* 6) >> 4 & ones
    let gap = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    return (values &+ ones &* UInt64(UInt8(ascii: "0")) &+ letters &* gap).bigEndian
  }

  /// The 32 bits that these eight bytes give as lower-case digits, most significant first in memory; nil when a byte is
  /// not such a digit.
  static func number(_ digits: UInt64) -> UInt64? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let ascii = digits.bigEndian
    guard ascii & (ones &* 0x80) == 0 else { return nil }
    // The sum has the high bit set exactly in bytes from `a` on.
    let letters = (ascii &+ ones &* UInt64(0x80 - UInt8(ascii: "a"))) >> 7 & ones
    let values = (ascii & (ones &* 0x0F)) &+ letters &* 9
    var number = (values >> 4 | values) & 0x00FF_00FF_00FF_00FF
    number = (number >> 8 | number) & 0x0000_FFFF_0000_FFFF
    number = (number >> 16 | number) & 0xFFFF_FFFF
    // Bytes that are not lower-case digits do not survive the way back.
    return self.digits(number) == digits ? number : nil
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
