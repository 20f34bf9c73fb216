import OData
import Testing

@Suite("Header fields that are lists")
struct FieldListTests {
  @Test(
    "Empty elements are ignored, and so is white space around elements",
    arguments: [
      (["a"], ["a"]), (["a,b"], ["a", "b"]), (["a, ,b"], ["a", "b"]), ([",a"], ["a"]), (["a,"], ["a"]),
      ([" ,\ta\t, , b ,,"], ["a", "b"]), (["a", "", "b"], ["a", "b"]), ([","], []), ([""], []), ([], []),
      (["a b,c"], ["a b", "c"]),
    ])
  func elements(fields: [String], expected: [String]) {
    #expect(FieldList.elements(of: fields)?.map(String.init) == expected)
  }

  @Test(
    "A comma in quotes does not separate elements, and an escaped quote does not end a string",
    arguments: [
      (#"a="b,c", d"#, [#"a="b,c""#, "d"]), (#""a\",b",c"#, [#""a\",b""#, "c"]), (#""a\\",b"#, [#""a\\""#, "b"]),
      (#""""#, [#""""#]), (#"",",",""#, [#"",""#, #"",""#]),
    ])
  func quotes(field: String, expected: [String]) {
    #expect(FieldList.elements(of: [field])?.map(String.init) == expected)
  }

  @Test("A backslash in an entity tag is an ordinary character")
  func entityTags() {
    #expect(FieldList.elements(of: [#""a\",b"#], .entityTag)?.map(String.init) == [#""a\""#, "b"])
  }

  @Test("An unclosed quote makes the list malformed, even when the next field would close it")
  func openQuotes() {
    for fields in [["\"a"], ["a,\"b"], ["\"a\\\""], ["\"a", "b\""]] {
      #expect(FieldList.elements(of: fields) == nil, "\(fields)")
    }
  }

  @Test(
    "A value is a token, or the content of a quoted string",
    arguments: [
      ("a", "a"), (#""a b""#, "a b"), (#""a\"b\\""#, #"a"b\"#), (#""""#, ""), (#"a"b"#, nil), (#""a"#, nil),
      (#""a"b""#, nil), (#""a\""#, nil), (#"""#, nil),
    ] as [(String, String?)])
  func values(text: String, expected: String?) {
    #expect(FieldList.value(text[...]) == expected)
  }
}
