/// GUIDs in their text form (OData ABNF `guidValue`; RFC 9562 section 4).
public enum GUID {
  /// The 128 bits as 32 lower-case hexadecimal digits, in groups of 8, 4, 4, 4 and 12.
  public static func text(high: UInt64, low: UInt64) -> String {
    String(unsafeUninitializedCapacity: length) { text in
      let bytes = UnsafeMutableRawBufferPointer(text)
      let (first, second) = (EightDigits(high >> 32).ascii, EightDigits(high & 0xFFFF_FFFF).ascii)
      let (third, fourth) = (EightDigits(low >> 32).ascii, EightDigits(low & 0xFFFF_FFFF).ascii)
      bytes.storeBytes(of: first.bigEndian, as: UInt64.self)
      bytes.storeBytes(of: UInt32(truncatingIfNeeded: second >> 32).bigEndian, toByteOffset: 9, as: UInt32.self)
      bytes.storeBytes(of: UInt32(truncatingIfNeeded: second).bigEndian, toByteOffset: 14, as: UInt32.self)
      bytes.storeBytes(of: UInt32(truncatingIfNeeded: third >> 32).bigEndian, toByteOffset: 19, as: UInt32.self)
      bytes.storeBytes(of: UInt32(truncatingIfNeeded: third).bigEndian, toByteOffset: 24, as: UInt32.self)
      bytes.storeBytes(of: fourth.bigEndian, toByteOffset: 28, as: UInt64.self)
      for hyphen in hyphens { bytes[hyphen] = UInt8(ascii: "-") }
      return length
    }
  }

  /// The 128 bits of exactly the form that `text` gives; nil for any other bytes.
  public static func bits(of text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
    let bytes = UnsafeRawBufferPointer(text)
    guard bytes.count == length, hyphens.allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else { return nil }
    func four(_ offset: Int) -> UInt64 {
      UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    func eight(_ offset: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    guard let first = EightDigits(ascii: eight(0)), let second = EightDigits(ascii: four(9) << 32 | four(14)),
      let third = EightDigits(ascii: four(19) << 32 | four(24)), let fourth = EightDigits(ascii: eight(28))
    else { return nil }
    return (first.value << 32 | second.value, third.value << 32 | fourth.value)
  }

  private static let length = 36
  /// The places of the hyphens.
  private static var hyphens: some Sequence<Int> { stride(from: 8, through: 23, by: 5) }

  /// A new GUID of version 4 from the system's random number generator (RFC 9562 section 5.4). It cannot be guessed.
  public static func random() -> String {
    let high = UInt64.random(in: .min ... .max) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return text(high: high, low: low)
  }
}

/// Eight lower-case hexadecimal digits, which are converted together: each has a byte of one word.
private struct EightDigits {
  /// The values of the digits, one in each byte, the first in the most significant one.
  private let digits: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// The digits of a number of 32 bits.
  init(_ value: UInt64) {
    var digits = (value << 16 | value) & 0x0000_FFFF_0000_FFFF
    digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
    self.digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
  }

  /// The digits that these characters are, the first in the most significant byte; nil when one is none.
  init?(ascii: UInt64) {
    guard ascii & 0x80 * Self.ones == 0 else { return nil }
    // The letters are those characters that reach the high bit from here.
    let letters = (ascii + 0x1F * Self.ones) >> 7 & Self.ones
    digits = (ascii & 0x0F * Self.ones) + letters * 9
    guard digits & 0xF0 * Self.ones == 0, self.ascii == ascii else { return nil }
  }

  /// The characters of the digits, the first in the most significant byte.
  var ascii: UInt64 {
    let letters = (digits + 6 * Self.ones) >> 4 & Self.ones
    return digits + 0x30 * Self.ones + letters * 39
  }

  /// The number, of 32 bits.
  var value: UInt64 {
    var value = (digits >> 4 | digits) & 0x00FF_00FF_00FF_00FF
    value = (value >> 8 | value) & 0x0000_FFFF_0000_FFFF
    return (value >> 16 | value) & 0xFFFF_FFFF
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
