import OData
import Profiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A cache of verified tokens, keyed by the bytes of their `Authorization` field values. The oldest are evicted first.
///
/// The hash covers the last bytes only, where the signature is. That suffices: only tokens with a verified signature
/// are added, and a hit compares every byte. Each event loop owns one.
final class TokenCache {
  private final class Remembered {
    let bytes: [UInt8]
    let caller: Caller
    let expires: Int64

    init(bytes: [UInt8], caller: Caller, expires: Int64) {
      self.bytes = bytes
      self.caller = caller
      self.expires = expires
    }
  }

  private var byHash: [Int: Remembered] = [:]
  /// In the order of insertion; those before index `oldest` have been evicted.
  private var arrivals: [(hash: Int, token: Remembered)] = []
  private var oldest = 0
  private var bytesHeld = 0
  private var generation: UInt64 = 0

  /// The number of tokens in memory, including those that have expired but were not looked up since.
  var count: Int { byHash.count }

  /// The caller of a token that was verified with the current keys, or nil.
  ///
  /// `now` is in seconds since 1970. `generation` is that of the verifier's keys; a new one empties the cache.
  func caller(of value: UnsafeBufferPointer<UInt8>, now: Int64, generation: UInt64) -> Caller? {
    guard generation == self.generation else {
      removeAll(generation: generation)
      return nil
    }
    let hash = Self.hash(value)
    guard let token = byHash[hash], Self.isEqual(token.bytes, value) else { return nil }
    guard now < token.expires else {
      byHash[hash] = nil
      return nil
    }
    return token.caller
  }

  /// The same for the text of a header field, whose bytes are not copied.
  func caller(of value: String.UTF8View, now: Int64, generation: UInt64) -> Caller? {
    value.withContiguousStorageIfAvailable { caller(of: $0, now: now, generation: generation) } ?? nil
  }

  /// Adds a verified token until it expires, for at most `Limits.rememberedTokenSecondsMax`.
  ///
  /// `generation` must have been read before the token was verified, because keys may change meanwhile.
  func remember(
    _ value: UnsafeBufferPointer<UInt8>, caller: Caller, expires: Int64, now: Int64, generation: UInt64
  ) {
    if generation != self.generation { removeAll(generation: generation) }
    let end = min(expires, now + Int64(Limits.rememberedTokenSecondsMax))
    guard now < end, value.count <= Limits.tokenBytesMax + 64 else { return }
    while arrivals.count - oldest >= Limits.rememberedTokensMax
      || bytesHeld + value.count > Limits.rememberedTokenBytesMax
    {
      removeOldest()
    }
    let token = Remembered(bytes: Array(value), caller: caller, expires: end)
    let hash = Self.hash(value)
    byHash[hash] = token
    arrivals.append((hash, token))
    bytesHeld += value.count
  }

  private func removeOldest() {
    let (hash, token) = arrivals[oldest]
    if byHash[hash] === token { byHash[hash] = nil }
    bytesHeld -= token.bytes.count
    oldest += 1
    guard oldest * 2 > arrivals.count else { return }
    arrivals.removeFirst(oldest)
    oldest = 0
  }

  private func removeAll(generation: UInt64) {
    byHash = [:]
    arrivals = []
    oldest = 0
    bytesHeld = 0
    self.generation = generation
  }

  private static let hashedBytes = 48

  private static func hash(_ value: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(value.count)
    hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(value).suffix(hashedBytes)))
    return hasher.finalize()
  }

  private static func isEqual(_ bytes: [UInt8], _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count == value.count, let other = value.baseAddress else { return false }
    return bytes.withUnsafeBytes { $0.baseAddress.map { memcmp($0, other, value.count) == 0 } ?? false }
  }
}
