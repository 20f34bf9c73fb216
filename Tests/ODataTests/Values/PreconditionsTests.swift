import OData
import Testing

@Suite("Entity tags")
struct PreconditionsTests {
  /// Whether a header field matches a version. Digits in quotes stand for the tag of the version with that number.
  private func matches(_ header: String, _ number: Int64) -> Bool? {
    let header = header.replacing(/"([0-9]+)"/) { "\"\(Version(number: Int64($0.1) ?? 0).opaqueTag)\"" }
    return EntityTagCondition(header)?.matches(Version(number: number))
  }

  @Test("The tag holds the whole number of a version in 11 base-64 digits, so no two versions share one")
  func tags() {
    let tags: [(Int64, String)] = [
      (0, "AAAAAAAAAAA"), (1, "AAAAAAAAAAB"), (63, "AAAAAAAAAA_"), (62, "AAAAAAAAAA-"), (64, "AAAAAAAAABA"),
      (25, "AAAAAAAAAAZ"), (26, "AAAAAAAAAAa"), (51, "AAAAAAAAAAz"), (52, "AAAAAAAAAA0"), (61, "AAAAAAAAAA9"),
      (.max, "H__________"),
    ]
    for (number, tag) in tags {
      #expect(Version(number: number).opaqueTag == tag && Version(number: number).entityTag == "W/\"\(tag)\"")
    }
    let shifted = (0..<63).map { Version(number: 1 << $0).opaqueTag }
    #expect(Set(shifted).count == 63)
    for number in [1, 7, 64, Int64.max] {
      let version = Version(number: number)
      #expect(EntityTagCondition(version.entityTag)?.matches(version) == true)
      #expect(EntityTagCondition(version.entityTag)?.matches(Version(number: number - 1)) == false)
    }
  }

  @Test("New versions are random, positive and different")
  func random() {
    let drawn = (0..<10_000).map { _ in Version.random().number }
    #expect(drawn.allSatisfy { $0 > 0 } && Set(drawn).count == drawn.count)
  }

  @Test("Weak and strong tags compare equal")
  func weakComparison() {
    for header in ["W/\"12\"", "\"12\"", " W/\"12\" ", "\t\"12\""] {
      #expect(matches(header, 12) == true, "\(header)")
      #expect(matches(header, 1) == false, "\(header)")
      #expect(matches(header, 2) == false, "\(header)")
    }
    #expect(matches(Version(number: 7).entityTag, 7) == true)
  }

  @Test("One matching tag of a list is enough, and * matches every version")
  func lists() {
    #expect(matches("\"a\", W/\"3\"", 3) == true)
    #expect(matches("\"1\",\"2\" ,\t\"3\"", 3) == true)
    #expect(matches("\"1\",\"2\"", 3) == false)
    #expect(matches("\"\"", 3) == false)
    for star in ["*", " * ", "*,", ", *"] { #expect(EntityTagCondition(star) == .any) }
    #expect(matches("*", 99) == true)
  }

  @Test("Empty list elements are ignored, and several fields form one list")
  func emptyElements() {
    for header in ["W/\"3\",", ", W/\"3\"", "\"a\",,W/\"3\"", ",, \"3\" ,\t,"] {
      #expect(matches(header, 3) == true && matches(header, 4) == false, "\(header)")
    }
    let tag = Version(number: 3).entityTag
    #expect(EntityTagCondition(["\"a\"", "", tag])?.matches(Version(number: 3)) == true)
    #expect(EntityTagCondition([] as [String]) == nil && EntityTagCondition(["*", "\"3\""]) == nil)
  }

  @Test("A comma inside a tag belongs to the tag")
  func commas() {
    #expect(matches("\"a,3\", \"b\"", 3) == false)
    #expect(EntityTagCondition("\"a,b\", W/\"3\"")?.matches(opaqueTag: "a,b") == true)
    #expect(matches("\"a\\\", W/\"3\"", 3) == true)
  }

  @Test("A malformed field is no condition and is not mistaken for an absent one")
  func malformed() {
    let headers = [
      "", " ", "abc", "12", "\"12", "12\"", "w/\"12\"", "W/12", "W /\"12\"", "W/ \"12\"", "\"1\"\"2\"", "\"1\";\"2\"",
      "*,\"1\"", "\"1\",*", "**", ",", " , ", "\"a\u{1}\"", "'12'",
    ]
    for header in headers { #expect(EntityTagCondition(header) == nil, "\(header)") }
  }

  @Test("White space inside a tag does not turn it into the tag of another version")
  func blanksInside() {
    for header in ["\"1 2\"", "\"1\t2\"", "\" 12\"", "\"12 \""] {
      #expect(matches(header, 12) == nil, "\(header)")
    }
  }
}
