import OData
import Profiles
import Testing

@testable import Authentication

@Suite("The cache of verified tokens")
struct TokenCacheTests {
  private let caller = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])

  private func remember(_ text: String, in cache: TokenCache, expires: Int64 = 100, now: Int64 = 0) {
    Array(text.utf8).withUnsafeBufferPointer {
      cache.remember($0, caller: caller, expires: expires, now: now, generation: 1)
    }
  }

  @Test("A token is found by all of its bytes and nothing else")
  func lookup() {
    let cache = TokenCache()
    let tail = String(repeating: "z", count: 60)
    remember("Bearer a" + tail, in: cache)
    #expect(cache.caller(of: ("Bearer a" + tail).utf8, now: 0, generation: 1) == caller)
    for other in ["Bearer b" + tail, "Bearer a" + tail + "z", "Bearer a" + tail.dropLast(), ""] {
      #expect(cache.caller(of: other.utf8, now: 0, generation: 1) == nil)
    }
  }

  @Test("A token is forgotten at its expiry, and after the longest time that any is remembered")
  func expiry() {
    let cache = TokenCache()
    remember("short", in: cache, expires: 100)
    #expect(cache.caller(of: "short".utf8, now: 99, generation: 1) != nil)
    #expect(cache.caller(of: "short".utf8, now: 100, generation: 1) == nil)
    #expect(cache.count == 0)
    let bound = Int64(Limits.rememberedTokenSecondsMax)
    remember("long", in: cache, expires: .max)
    #expect(cache.caller(of: "long".utf8, now: bound - 1, generation: 1) != nil)
    #expect(cache.caller(of: "long".utf8, now: bound, generation: 1) == nil)
    remember("past", in: cache, expires: 5, now: 5)
    #expect(cache.count == 0)
  }

  @Test("New keys empty the cache")
  func generation() {
    let cache = TokenCache()
    remember("x", in: cache)
    #expect(cache.caller(of: "x".utf8, now: 0, generation: 2) == nil)
    #expect(cache.count == 0)
    #expect(cache.caller(of: "x".utf8, now: 0, generation: 1) == nil)
  }

  @Test("The cache is bounded; the oldest token leaves first")
  func bound() {
    let cache = TokenCache()
    for index in 0...Limits.rememberedTokensMax { remember("token \(index)", in: cache) }
    #expect(cache.count == Limits.rememberedTokensMax)
    #expect(cache.caller(of: "token 0".utf8, now: 0, generation: 1) == nil)
    #expect(cache.caller(of: "token 1".utf8, now: 0, generation: 1) != nil)
    for index in 0..<(Limits.rememberedTokensMax * 3) { remember("more \(index)", in: cache) }
    #expect(cache.count == Limits.rememberedTokensMax)
    #expect(cache.caller(of: "more \(Limits.rememberedTokensMax * 3 - 1)".utf8, now: 0, generation: 1) != nil)
  }

  @Test("The cache is bounded in bytes too")
  func byteBound() {
    let cache = TokenCache()
    let filler = String(repeating: "x", count: Limits.tokenBytesMax - 8)
    let fitting = Limits.rememberedTokenBytesMax / Limits.tokenBytesMax
    for index in 0..<(fitting * 2) { remember(filler + String(10_000_000 + index), in: cache) }
    #expect(cache.count == fitting)
  }

  @Test("A token that is remembered twice survives the leaving of its first place")
  func twice() {
    let cache = TokenCache()
    remember("again", in: cache)
    for index in 0..<(Limits.rememberedTokensMax - 1) { remember("token \(index)", in: cache) }
    remember("again", in: cache)
    remember("one more", in: cache)
    #expect(cache.caller(of: "again".utf8, now: 0, generation: 1) != nil)
  }
}
