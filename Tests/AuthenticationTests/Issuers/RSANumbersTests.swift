import CryptoExtras
import Foundation
import OData
import Testing

@testable import Authentication

@Suite("Numbers of RSA keys")
struct RSANumbersTests {
  private static let exponent = Base64URL.encode([1, 0, 1])
  private static let primes = (3...167).filter { number in (2..<number).allSatisfy { number % $0 != 0 } }

  private func areSound(_ modulus: [UInt8], exponent: String = exponent) -> Bool {
    RSANumbers(modulus: Base64URL.encode(modulus), exponent: exponent)?.areSound == true
  }

  private func isUsable(_ modulus: [UInt8]) async throws -> Bool {
    let jwk = #"{"kty":"RSA","kid":"a","n":"\#(Base64URL.encode(modulus))","e":"AQAB"}"#
    return await VerificationKey(jwk: try JSONTree(Array(jwk.utf8))) != nil
  }

  /// A number of so many bits that no small prime divides: a one, zeros, and what makes it so.
  static func modulus(bits: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (bits + 7) / 8)
    bytes[0] = 1 << UInt8((bits - 1) % 8)
    for end in stride(from: 1, to: 0x10000, by: 2) {
      bytes[bytes.count - 2] = UInt8(end >> 8)
      bytes[bytes.count - 1] = UInt8(end & 0xFF)
      if primes.allSatisfy({ remainder(bytes, $0) != 0 }) { return bytes }
    }
    return []
  }

  private static func remainder(_ bytes: [UInt8], _ prime: Int) -> Int {
    bytes.reduce(0) { ($0 * 256 + Int($1)) % prime }
  }

  @Test("Keys as libraries make them are sound")
  func ordinary() async throws {
    for _ in 0..<8 {
      let key = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey.getKeyPrimitives()
      #expect(areSound(Array(key.modulus), exponent: Base64URL.encode(key.publicExponent)))
      #expect(try await isUsable(Array(key.modulus)))
    }
    #expect(areSound(Self.modulus(bits: 2_048)))
  }

  @Test(
    "A modulus with the structure of ROCA is refused (CVE-2017-15361)", arguments: [1, 2, 77, 65_537, 1_000_003],
    [167, 701])
  func roca(power: Int, lastPrime: Int) async throws {
    let modulus = LargeNumber.withStructure(power: power, lastPrime: lastPrime, bits: 2_048).bytes
    #expect(modulus.count == 256 && modulus[255] & 1 == 1)
    #expect(!areSound(modulus))
    #expect(try await !isUsable(modulus))
    // One remainder that is no power of 65537 clears it: modulo 11 the powers are 1 and 10.
    let cleared = LargeNumber.withStructure(power: power, lastPrime: lastPrime, bits: 2_048, breaking: 11).bytes
    #expect(areSound(cleared))
  }

  @Test("An even modulus, and one that a small prime divides, are refused", arguments: [2, 3, 5, 163, 167])
  func factors(prime: Int) {
    var number = LargeNumber(Self.modulus(bits: 2_048))
    number.multiply(by: UInt32(prime))
    #expect(!areSound(number.bytes))
  }

  @Test("A modulus has 2048 to 8192 bits", arguments: [(2_047, false), (2_048, true), (8_192, true), (8_193, false)])
  func size(bits: Int, isAccepted: Bool) {
    let modulus = Self.modulus(bits: bits)
    #expect(areSound(modulus) == isAccepted)
    // Zeros before a number make it no larger.
    #expect(areSound([0, 0] + modulus) == isAccepted)
  }

  @Test(
    "An exponent is odd and more than 1",
    arguments: [
      ([], false), ([0], false), ([1], false), ([0, 1], false), ([2], false), ([1, 0, 0], false), ([3], true),
      ([1, 0, 1], true), ([0, 1, 0, 1], true), ([0xFF, 0xFF, 0xFF, 0xFF], true), ([1, 0, 0, 0, 1], false),
    ] as [([UInt8], Bool)])
  func exponents(bytes: [UInt8], isAccepted: Bool) {
    #expect(areSound(Self.modulus(bits: 2_048), exponent: Base64URL.encode(bytes)) == isAccepted)
  }
}

/// A whole number of any size, as far as these tests need one.
private struct LargeNumber {
  /// Least significant first.
  private var digits: [UInt32]

  init(_ bytes: [UInt8]) {
    digits = []
    for byte in bytes {
      multiply(by: 256)
      add(LargeNumber(UInt32(byte)))
    }
  }

  private init(_ number: UInt32) { digits = [number] }

  /// A number of `bits` bits that is `65537 ^ power` modulo every odd prime up to `lastPrime`, as k * M + (65537^a mod
  /// M) and products of such numbers are; but not modulo `breaking`.
  static func withStructure(power: Int, lastPrime: Int, bits: Int, breaking: UInt32? = nil) -> LargeNumber {
    var (number, product) = (LargeNumber(0), LargeNumber(1))
    for prime in UInt32(3)...UInt32(lastPrime) where (2..<prime).allSatisfy({ prime % $0 != 0 }) {
      var wanted: UInt64 = 1
      for _ in 0..<power { wanted = wanted * 65_537 % UInt64(prime) }
      if prime == breaking { wanted = 2 }
      // The Chinese remainder theorem, one prime after another.
      while UInt64(number.remainder(by: prime)) != wanted { number.add(product) }
      product.multiply(by: prime)
    }
    var shifted = product
    while shifted.bitCount < bits { shifted.multiply(by: 2) }
    if number.remainder(by: 2) == 0 { number.add(product) }
    number.add(shifted)
    return number
  }

  mutating func add(_ other: LargeNumber) {
    var carry: UInt64 = 0
    for index in 0..<max(digits.count, other.digits.count) {
      if index == digits.count { digits.append(0) }
      carry += UInt64(digits[index]) + UInt64(index < other.digits.count ? other.digits[index] : 0)
      digits[index] = UInt32(truncatingIfNeeded: carry)
      carry >>= 32
    }
    if carry > 0 { digits.append(UInt32(carry)) }
  }

  mutating func multiply(by factor: UInt32) {
    var carry: UInt64 = 0
    for index in digits.indices {
      carry += UInt64(digits[index]) * UInt64(factor)
      digits[index] = UInt32(truncatingIfNeeded: carry)
      carry >>= 32
    }
    if carry > 0 { digits.append(UInt32(carry)) }
  }

  func remainder(by prime: UInt32) -> UInt32 {
    UInt32(digits.reversed().reduce(UInt64(0)) { ($0 << 32 | UInt64($1)) % UInt64(prime) })
  }

  var bitCount: Int {
    guard let top = digits.lastIndex(where: { $0 != 0 }) else { return 0 }
    return top * 32 + 32 - digits[top].leadingZeroBitCount
  }

  /// Most significant first, without zeros before it.
  var bytes: [UInt8] {
    let all = digits.reversed().flatMap { digit in
      (0..<4).map { UInt8(truncatingIfNeeded: digit >> UInt32(24 - 8 * $0)) }
    }
    return Array(all.drop { $0 == 0 })
  }
}
