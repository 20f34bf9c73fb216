import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("The table of verified tokens")
struct TokenCacheTests {
  private let caller = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])

  private func remember(_ text: String, in table: TokenCache, expires: Int64 = 100, now: Int64 = 0) {
    Array(text.utf8).withUnsafeBufferPointer {
      table.remember($0, caller: caller, expires: expires, now: now, generation: 1)
    }
  }

  @Test("A token is found by all of its bytes and nothing else")
  func lookup() {
    let table = TokenCache()
    let tail = String(repeating: "z", count: 60)
    remember("Bearer a" + tail, in: table)
    #expect(table.caller(of: ("Bearer a" + tail).utf8, now: 0, generation: 1) == caller)
    for other in ["Bearer b" + tail, "Bearer a" + tail + "z", "Bearer a" + tail.dropLast(), ""] {
      #expect(table.caller(of: other.utf8, now: 0, generation: 1) == nil)
    }
  }

  @Test("A token is forgotten at its expiry, and after the longest time that any is remembered")
  func expiry() {
    let table = TokenCache()
    remember("short", in: table, expires: 100)
    #expect(table.caller(of: "short".utf8, now: 99, generation: 1) != nil)
    #expect(table.caller(of: "short".utf8, now: 100, generation: 1) == nil)
    #expect(table.count == 0)
    let bound = Int64(Limits.rememberedTokenSecondsMax)
    remember("long", in: table, expires: .max)
    #expect(table.caller(of: "long".utf8, now: bound - 1, generation: 1) != nil)
    #expect(table.caller(of: "long".utf8, now: bound, generation: 1) == nil)
    remember("past", in: table, expires: 5, now: 5)
    #expect(table.count == 0)
  }

  @Test("New keys empty the table")
  func generation() {
    let table = TokenCache()
    remember("x", in: table)
    #expect(table.caller(of: "x".utf8, now: 0, generation: 2) == nil)
    #expect(table.count == 0)
    #expect(table.caller(of: "x".utf8, now: 0, generation: 1) == nil)
  }

  @Test("The table is bounded; the oldest token leaves first")
  func bound() {
    let table = TokenCache()
    for index in 0...Limits.rememberedTokensMax { remember("token \(index)", in: table) }
    #expect(table.count == Limits.rememberedTokensMax)
    #expect(table.caller(of: "token 0".utf8, now: 0, generation: 1) == nil)
    #expect(table.caller(of: "token 1".utf8, now: 0, generation: 1) != nil)
    for index in 0..<(Limits.rememberedTokensMax * 3) { remember("more \(index)", in: table) }
    #expect(table.count == Limits.rememberedTokensMax)
    #expect(table.caller(of: "more \(Limits.rememberedTokensMax * 3 - 1)".utf8, now: 0, generation: 1) != nil)
  }

  @Test("The table is bounded in bytes too")
  func byteBound() {
    let table = TokenCache()
    let filler = String(repeating: "x", count: Limits.tokenBytesMax - 8)
    let fitting = Limits.rememberedTokenBytesMax / Limits.tokenBytesMax
    for index in 0..<(fitting * 2) { remember(filler + String(10_000_000 + index), in: table) }
    #expect(table.count == fitting)
  }

  @Test("A token that is remembered twice survives the leaving of its first place")
  func twice() {
    let table = TokenCache()
    remember("again", in: table)
    for index in 0..<(Limits.rememberedTokensMax - 1) { remember("token \(index)", in: table) }
    remember("again", in: table)
    remember("one more", in: table)
    #expect(table.caller(of: "again".utf8, now: 0, generation: 1) != nil)
  }
}
