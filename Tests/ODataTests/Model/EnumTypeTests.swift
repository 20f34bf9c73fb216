import OData
import Testing

@Suite("EnumType")
struct EnumTypeTests {
  private let flags = TestModel.model.enumTypes[0]
  private let single = TestModel.model.enumTypes[1]
  private let names = ["family", "contacts", "groupMembers", "organization", "federatedOrganizations", "everyone"]

  /// The names of a combination of flags, derived from its bits.
  private func text(_ number: Int) -> String {
    let set = names.enumerated().filter { number & (1 << $0.offset) != 0 }.map(\.element)
    return set.isEmpty ? "me" : set.joined(separator: ",")
  }

  @Test("The numbers 0 to 63 are combinations of flags, 64 is the sentinel, and no other number is a value")
  func flagNumbers() {
    for number in -2...130 {
      let expected: EnumType.Input? =
        (0...63).contains(number) ? .value(Int64(number)) : number == 64 ? .unknownFutureValue : nil
      #expect(flags.input(number: Int64(number)) == expected, "\(number)")
      #expect(flags.input("\(number)".utf8) == expected, "\(number)")
    }
    for number in [Int64.min, Int64.max, 1 << 32] { #expect(flags.input(number: number) == nil) }
  }

  @Test("Every value is written as its names and is read in each of its spellings")
  func flagNames() {
    for number in 0...63 {
      let text = text(number)
      #expect(flags.text(of: Int64(number)) == text)
      let forms = [
        text, text.uppercased(), text.lowercased(), text.replacing(",", with: ", "), "  " + text + " ",
        text.split(separator: ",").reversed().joined(separator: " , "),
      ]
      for form in forms { #expect(flags.input(form.utf8) == .value(Int64(number)), "\(form)") }
      if number > 0 { #expect(flags.input(("me," + text).utf8) == .value(Int64(number))) }
    }
    #expect(flags.input("family,2".utf8) == .value(3))
    #expect(flags.input("family,family".utf8) == .value(1))
  }

  @Test("The sentinel is read in any case, by name or by number, but not combined with flags")
  func sentinel() {
    for form in ["unknownFutureValue", "UNKNOWNFUTUREVALUE", " unknownfuturevalue ", "64"] {
      #expect(flags.input(form.utf8) == .unknownFutureValue, "\(form)")
    }
    for form in ["unknownFutureValue,family", "family,64", "65", "64,64"] {
      #expect(flags.input(form.utf8) == nil, "\(form)")
    }
  }

  @Test("Anything else is not a value")
  func refusals() {
    let forms = [
      "", " ", ",", "family,", ",family", "family,,contacts", "nosuch", "family,nosuch", "family;contacts", "famil",
      "family contacts", "1.0", "1e0", "0x1", "\u{661}", "microsoft.graph.allowedAudiences'me'", "fam\u{130}ly",
      Array(repeating: "family", count: 9).joined(separator: ","),
    ]
    for form in forms { #expect(flags.input(form.utf8) == nil, "\(form)") }
  }

  @Test("Without flags, only the declared numbers and names are values")
  func singleValues() {
    for number in Int64(-2)...130 {
      let expected: EnumType.Input? = [0, 1, 5].contains(number) ? .value(number) : nil
      #expect(single.input(number: number) == expected)
    }
    #expect(single.input("MOBILE".utf8) == .value(5))
    #expect(single.input("home,business".utf8) == nil)
    #expect(single.input("unknownFutureValue".utf8) == nil)
    #expect(single.text(of: 5) == "mobile")
    #expect(single.text(of: 6) == "6")
  }
}
