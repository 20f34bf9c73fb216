import OData

/// The modulus and exponent of an RSA public key (RFC 8017 section 3.1), and the weaknesses that they reveal.
struct RSANumbers {
  /// Most significant byte first, without zeros before it.
  private let modulus: [UInt8]
  private let exponent: [UInt8]

  /// Decodes the members `n` and `e` of a JWK (RFC 7518 section 6.3.1); nil when they are not base64url.
  init?(modulus: String, exponent: String) {
    guard let modulus = Base64URL.decode(modulus.utf8), let exponent = Base64URL.decode(exponent.utf8) else {
      return nil
    }
    self.modulus = Array(modulus.drop { $0 == 0 })
    self.exponent = Array(exponent.drop { $0 == 0 })
  }

  /// Whether the key may be relied on: its size is within bounds, and it has no known weakness.
  var areSound: Bool {
    guard let first = modulus.first, modulus.count <= Limits.rsaModulusBytesMax, !hasUnfitExponent else { return false }
    let bits = modulus.count * 8 - first.leadingZeroBitCount
    guard bits >= Limits.rsaModulusBitsMin, modulus.last.map({ $0 & 1 == 1 }) == true else { return false }
    let remainders = Self.primes.map { (prime: $0, remainder: remainder(by: $0)) }
    return remainders.allSatisfy { $0.remainder != 0 } && !Self.haveStructure(remainders)
  }

  /// With exponent 1 anyone can sign, an even one has no inverse, and beyond 32 bits each verification would be slow.
  private var hasUnfitExponent: Bool {
    guard let last = exponent.last, exponent.count <= 4 else { return true }
    return last & 1 == 0 || exponent == [1]
  }

  private func remainder(by prime: Int) -> Int { modulus.reduce(0) { ($0 << 8 | Int($1)) % prime } }

  // MARK: ROCA

  /// The primes that reveal the structure of a ROCA key.
  private static let primes = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113,
    127, 131, 137, 139, 149, 151, 157, 163, 167,
  ]

  /// The powers of 65537 modulo each of them.
  private static let powers: [Int: Set<Int>] = Dictionary(
    uniqueKeysWithValues: primes.map { prime in
      var (powers, power): (Set<Int>, Int) = ([], 1)
      while powers.insert(power).inserted { power = power * 65_537 % prime }
      return (prime, powers)
    })

  /// Whether the primes of the modulus have the form k * M + (65537^a mod M), which makes it factorable (ROCA,
  /// CVE-2017-15361): the modulus is then a power of 65537 modulo every prime factor of M. One in 10^9 other moduli is
  /// too.
  private static func haveStructure(_ remainders: [(prime: Int, remainder: Int)]) -> Bool {
    remainders.allSatisfy { powers[$0.prime]?.contains($0.remainder) == true }
  }
}
