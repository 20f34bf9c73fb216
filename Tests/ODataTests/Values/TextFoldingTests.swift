import Foundation
import Testing

@testable import OData

@Suite("Case folding")
struct TextFoldingTests {
  private static func isSame(_ a: String, _ b: String) -> Bool { a.folded.hasSameBytes(as: b.folded) }

  @Test(
    "Strings match whatever their case and composition",
    arguments: [
      ("ann", "ANN"), ("ΠΑΠΑΔΌΠΟΥΛΟΣ", "Παπαδόπουλος"), ("STRASSE", "Straße"), ("straẞe", "STRASSE"),
      ("zoe\u{308}", "ZOË"), ("\u{212B}", "å"), ("\u{1100}\u{1161}", "가"), ("ﬁne", "FINE"), ("Ǆ", "ǆ"),
      // Marks in another order, and the iota subscript, which folds to a letter.
      ("a\u{323}\u{302}", "A\u{302}\u{323}"), ("α\u{345}\u{301}", "\u{1FB4}"), ("ᾼ", "αι"), ("İ", "i\u{307}"),
      ("", ""), ("a\u{0}B", "A\u{0}b"), ("ᏸ", "Ᏸ"),
    ])
  func same(a: String, b: String) { #expect(Self.isSame(a, b)) }

  @Test(
    "Strings that people keep apart do not match",
    arguments: [
      ("e", "é"), ("①", "1"), ("Ａ", "a"), ("ı", "i"), ("ø", "o"), ("a b", "a\u{A0}b"), ("ss", "s"), ("x²", "x2"),
      ("a", "a\u{0}"), ("ё", "е"),
    ])
  func different(a: String, b: String) { #expect(!Self.isSame(a, b)) }

  @Test("Every ASCII byte folds to lower case or stays as it is")
  func ascii() {
    for byte in UInt8(0)..<0x80 {
      let text = String(UnicodeScalar(byte))
      #expect(text.folded.hasSameBytes(as: text.lowercased()), "\(byte)")
      #expect(text.isASCII)
    }
    #expect("Ann.Müller@Contoso.Example".folded == "ann.müller@contoso.example" && !"ü".isASCII)
  }

  @Test("Every character folds as its decompositions do, to NFC that folds to itself")
  func everyScalar() {
    for value in UInt32(0)...0x10FFFF {
      // The two libraries may support different versions of Unicode.
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 14 else { continue }
      // Combining marks after it make canonical ordering matter.
      for text in [String(scalar), "\(scalar)\u{345}\u{301}\u{323}"] {
        let folded = text.folded
        let isRight =
          folded.folded.hasSameBytes(as: folded) && Self.isSame(text, text.decomposedStringWithCanonicalMapping)
          // Foundation composes characters beyond the BMP with marks as if they were in the BMP.
          && (value > 0xFFFF || folded.precomposedStringWithCanonicalMapping.hasSameBytes(as: folded))
        if !isRight { Issue.record("U+\(String(value, radix: 16))") }
      }
    }
  }

  @Test("A long run of combining marks takes as long as a run of letters")
  func marks() {
    let count = 16_000
    let marks = String(repeating: "\u{301}\u{323}", count: count)
    let clock = ContinuousClock()
    var folded = ""
    let time = clock.measure { folded = ("a" + marks).folded }
    #expect(
      folded.hasSameBytes(
        as: "\u{1EA1}" + String(repeating: "\u{323}", count: count - 1) + String(repeating: "\u{301}", count: count)))
    // A quadratic sort would take seconds.
    #expect(time < .milliseconds(500), "\(time)")
  }
}
