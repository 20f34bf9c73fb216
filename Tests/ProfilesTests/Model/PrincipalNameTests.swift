import OData
import Testing

@testable import Profiles

@Suite("Principal names")
struct PrincipalNameTests {
  @Test(
    "Any text that can be read and typed again is a name",
    arguments: [
      "a", "ann", "ann@contoso.example", "a@b@c", "@", "Ann Lee", "ann lee@contoso.example", "Żółć@例え.jp",
      "Παπαδόπουλος",
      "straße", "e\u{301}", "علي", "नमस्ते", "O'Brien", "a/b", "a%20b", "$me", ".", "😀", "DOMAIN\\ann", "a\u{3000}b",
      "#EXT#",
      "22222222-2222-4222-8222-222222222222",
    ])
  func names(text: String) { #expect(PrincipalName(text)?.text == text) }

  @Test("Controls, blanks at the ends, and what cannot be seen make no name, wherever they stand")
  func noNames() {
    let invisible: [Unicode.Scalar] = [
      "\u{0}", "\u{9}", "\u{A}", "\u{1F}", "\u{7F}", "\u{85}", "\u{9F}", "\u{A0}", "\u{AD}", "\u{34F}", "\u{61C}",
      "\u{115F}",
      "\u{180E}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{200E}", "\u{200F}", "\u{2007}", "\u{2028}", "\u{2029}",
      "\u{202A}",
      "\u{202E}", "\u{202F}", "\u{2060}", "\u{2066}", "\u{2069}", "\u{3164}", "\u{FE0F}", "\u{FEFF}", "\u{FFA0}",
      "\u{E0041}",
    ]
    for scalar in invisible {
      for text in ["\(scalar)", "\(scalar)ann", "an\(scalar)n", "ann\(scalar)"] {
        #expect(PrincipalName(text) == nil, "U+\(String(scalar.value, radix: 16))")
      }
    }
    for text in ["", " ", " ann", "ann ", "\u{3000}ann", "ann\u{2003}", "\u{1680}é"] {
      #expect(PrincipalName(text) == nil)
    }
  }

  @Test("A name has 1024 bytes at most, as it is and as it is compared")
  func length() {
    let most = Limits.userPrincipalNameBytesMax
    #expect(PrincipalName(String(repeating: "a", count: most)) != nil)
    #expect(PrincipalName(String(repeating: "a", count: most + 1)) == nil)
    // Two bytes fold to four.
    #expect(PrincipalName(String(repeating: "\u{587}", count: most / 4)) != nil)
    #expect(PrincipalName(String(repeating: "\u{587}", count: most / 4 + 1)) == nil)
  }

  @Test("Names are compared by full case folding in NFC")
  func keys() {
    for (one, other) in [("STRASSE@X", "straße@x"), ("e\u{301}", "É"), ("ΣΑΣ", "σας"), ("Ann", "aNN")] {
      #expect(PrincipalName(one)?.key == PrincipalName(other)?.key)
    }
    #expect(PrincipalName("e")?.key != PrincipalName("é")?.key)
  }
}
