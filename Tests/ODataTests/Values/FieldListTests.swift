import OData
import Testing

@Suite("Header fields that are lists")
struct FieldListTests {
  @Test(
    "Empty elements are ignored, wherever they stand, and blanks around elements are none of theirs",
    arguments: [
      (["a"], ["a"]), (["a,b"], ["a", "b"]), (["a, ,b"], ["a", "b"]), ([",a"], ["a"]), (["a,"], ["a"]),
      ([" ,\ta\t, , b ,,"], ["a", "b"]), (["a", "", "b"], ["a", "b"]), ([","], []), ([""], []), ([], []),
      (["a b,c"], ["a b", "c"]),
    ])
  func elements(fields: [String], expected: [String]) {
    #expect(FieldList.elements(of: fields)?.map(String.init) == expected)
  }

  @Test(
    "A comma in quotes separates nothing, and an escaped quote ends nothing",
    arguments: [
      (#"a="b,c", d"#, [#"a="b,c""#, "d"]), (#""a\",b",c"#, [#""a\",b""#, "c"]), (#""a\\",b"#, [#""a\\""#, "b"]),
      (#""""#, [#""""#]), (#"",",",""#, [#"",""#, #"",""#]),
    ])
  func quotes(field: String, expected: [String]) {
    #expect(FieldList.elements(of: [field])?.map(String.init) == expected)
  }

  @Test("A backslash in an entity tag is a character like others")
  func entityTags() {
    #expect(FieldList.elements(of: [#""a\",b"#], .entityTag)?.map(String.init) == [#""a\""#, "b"])
  }

  @Test("A quote that is not closed leaves nobody a meaning, also where a further field would close it")
  func openQuotes() {
    for fields in [["\"a"], ["a,\"b"], ["\"a\\\""], ["\"a", "b\""]] {
      #expect(FieldList.elements(of: fields) == nil, "\(fields)")
    }
  }

  @Test(
    "A value is a token or what a quoted string means",
    arguments: [
      ("a", "a"), (#""a b""#, "a b"), (#""a\"b\\""#, #"a"b\"#), (#""""#, ""), (#"a"b"#, nil), (#""a"#, nil),
      (#""a"b""#, nil), (#""a\""#, nil), (#"""#, nil),
    ] as [(String, String?)])
  func values(text: String, expected: String?) {
    #expect(FieldList.value(text[...]) == expected)
  }
}
