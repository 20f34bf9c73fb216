import OData
import Testing

@testable import Profiles

@Suite("Identifiers")
struct IdentifierTests {
  @Test("Two ids that only look alike are two ids")
  func bytes() throws {
    let composed = try #require(UserID("\u{E9}"))
    let decomposed = try #require(UserID("e\u{301}"))
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(ItemID("\u{E9}") != ItemID("e\u{301}"))
    #expect(TenantID("\u{E9}") != TenantID("e\u{301}"))
    #expect(UserID("a") != UserID("A"))
    #expect(UserID("a") == UserID("a"))
    let caller = People.person(decomposed)
    #expect(!AccessDecision(of: caller, to: composed, ItemOwner(tenant: People.contoso, displayName: nil)).isOwner)
  }

  @Test("An id has 1 to 256 bytes and no control characters")
  func bounds() {
    #expect(UserID("") == nil)
    #expect(UserID(String(repeating: "x", count: 256)) != nil)
    #expect(UserID(String(repeating: "x", count: 257)) == nil)
    #expect(ItemID(String(repeating: "\u{E9}", count: 128)) != nil)
    #expect(ItemID(String(repeating: "\u{E9}", count: 129)) == nil)
    for text in ["a\u{0}", "\n", "\u{7F}", "a\tb"] {
      #expect(UserID(text) == nil)
      #expect(ItemID(text) == nil)
      #expect(TenantID(text) == nil)
    }
  }

  @Test("A tenant is the same in any case")
  func tenants() {
    #expect(TenantID("9188040D-6C67-4C5B-B112-36A304B66DAD") == .personalAccounts)
    #expect(TenantID("9188040d-6c67-4c5b-b112-36a304b66dae") != .personalAccounts)
  }
}
