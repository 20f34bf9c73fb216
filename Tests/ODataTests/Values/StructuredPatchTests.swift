import OData
import Testing

@Suite("StructuredPatch")
struct StructuredPatchTests {
  private let type = TestModel.model.type(named: "phone") ?? TestModel.model.structuredTypes[0]

  private func patch(_ body: String) throws -> StructuredPatch {
    try EntityReader(.update).read(Array(body.utf8), as: type)
  }

  private func text(_ value: StructuredValue) -> String {
    var writer = EntityWriter()
    writer.object(value, of: type)
    return String(decoding: writer.json.bytes, as: UTF8.self)
  }

  /// Applies bodies one after another, and returns the names of the properties that the last one changed, and the
  /// value.
  private func applying(_ bodies: String...) throws -> (changed: [String], value: StructuredValue) {
    var value = StructuredValue(of: type)
    var changed: [Int] = []
    for body in bodies { changed = try patch(body).apply(to: &value, of: type) }
    return (changed.map { type.properties[$0].name }, value)
  }

  private func expect(_ bodies: [String], changed: [String], place: String) throws {
    var value = StructuredValue(of: type)
    var last: [Int] = []
    for body in bodies { last = try patch(body).apply(to: &value, of: type) }
    #expect(last.map { type.properties[$0].name } == changed, "\(bodies)")
    #expect(text(value).contains("\"place\":\(place),\"places\""), "\(bodies) gave \(text(value))")
  }

  private let full = #"{"place":{"city":"A","street":"S","spot":{"x":1,"y":2}}}"#

  @Test("Complex values are merged at every depth")
  func merging() throws {
    try expect(
      [full, #"{"place":{"city":"B"}}"#], changed: ["place"],
      place: #"{"city":"B","street":"S","spot":{"x":1,"y":2}}"#)
    try expect(
      [full, #"{"place":{"spot":{"y":9}}}"#], changed: ["place"],
      place: #"{"city":"A","street":"S","spot":{"x":1,"y":9}}"#)
    try expect(
      [full, #"{"place":{"spot":{"y":null},"street":null}}"#], changed: ["place"],
      place: #"{"city":"A","street":null,"spot":{"x":1,"y":null}}"#)
    try expect(
      [full, #"{"place":{"spot":null}}"#], changed: ["place"], place: #"{"city":"A","street":"S","spot":null}"#)
    try expect([full, #"{"place":null}"#], changed: ["place"], place: "null")
    try expect(
      [#"{"place":{"spot":{"x":1}}}"#], changed: ["place"],
      place: #"{"city":null,"street":null,"spot":{"x":1,"y":null}}"#)
  }

  @Test("An absent member and an equal value change nothing")
  func unchanged() throws {
    let same = #"{"city":"A","street":"S","spot":{"x":1,"y":2}}"#
    for body in ["{}", full, #"{"place":{}}"#, #"{"place":{"spot":{}}}"#, #"{"place":{"spot":{"x":1.0}}}"#] {
      try expect([full, body], changed: [], place: same)
    }
    #expect(try applying(#"{"number":null}"#).changed.isEmpty)
    #expect(try applying(#"{"tags":null}"#).changed.isEmpty)
    #expect(try applying(#"{"places":null}"#).changed.isEmpty)
  }

  @Test("A change of the Unicode normalization form is a change")
  func normalisation() throws {
    #expect(try applying("{\"number\":\"e\u{301}\"}", "{\"number\":\"\u{E9}\"}").changed == ["number"])
    #expect(try applying("{\"number\":\"\u{E9}\"}", "{\"number\":\"\\u00e9\"}").changed.isEmpty)
  }

  @Test("A collection is replaced as a whole, by complete elements")
  func collections() throws {
    let result = try applying(
      #"{"places":[{"city":"A","street":"S"}],"tags":["a","b"]}"#, #"{"places":[{"street":"T"}],"tags":["c"]}"#)
    #expect(result.changed == ["places", "tags"])
    #expect(text(result.value).contains(#""places":[{"city":null,"street":"T","spot":null}],"tags":["c"]"#))
    let emptied = try applying(#"{"places":[{}],"tags":["a"]}"#, #"{"places":[],"tags":[]}"#)
    #expect(text(emptied.value).contains(#""places":[],"tags":[]"#))
    let cleared = try applying(#"{"places":[{}],"tags":["a"]}"#, #"{"places":null,"tags":null}"#)
    #expect(text(cleared.value).contains(#""places":null,"tags":[]"#))
  }

  @Test("null stands for a special value where the model says so")
  func nullMeaning() throws {
    let result = try applying(#"{"audiences":"family"}"#, #"{"audiences":null}"#)
    #expect(result.changed == ["audiences"])
    #expect(text(result.value).contains(#""audiences":"me""#))
  }

  @Test("Undeclared members of an open value are kept, replaced, or removed by null")
  func openValues() throws {
    try expect(
      [#"{"place":{"zip":"1","geo":{"lat":[1, 2]}}}"#, #"{"place":{"zip":"2","city":"A"}}"#], changed: ["place"],
      place: #"{"city":"A","street":null,"spot":null,"zip":"2","geo":{"lat":[1,2]}}"#)
    try expect(
      [#"{"place":{"zip":"1","geo":true}}"#, #"{"place":{"zip":null,"nosuch":null}}"#], changed: ["place"],
      place: #"{"city":null,"street":null,"spot":null,"geo":true}"#)
  }

  @Test("Repeating an open value's only member changes nothing")
  func repeatedOpenMember() throws {
    let body = #"{"place":{"zip":"1"}}"#
    #expect(try applying(body, body).changed.isEmpty)
    let both = #"{"place":{"zip":"1","geo":true}}"#
    #expect(try applying(both, both).changed.isEmpty)
    #expect(try applying(both, #"{"place":{"zip":"1"}}"#).changed.isEmpty)
  }

  @Test("Undeclared members that accumulate over several bodies are bounded")
  func undeclaredMembersInTotal() throws {
    func body(_ range: Range<Int>) -> String {
      "{\"place\":{" + range.map { "\"m\($0)\":1" }.joined(separator: ",") + "}}"
    }
    let max = Limits.dynamicMembersMax
    let atBound = try applying(body(0..<(max - 1)), body((max - 1)..<max)).value
    let place = try #require(type.property(named: "place")).index
    try atBound.checkUndeclaredMembers(at: [place], of: type)
    let beyond = try applying(body(0..<max), body(max..<(max + 1))).value
    #expect(throws: BodyError.tooLarge(property: "place", bound: "at most \(max) undeclared members")) {
      try beyond.checkUndeclaredMembers(at: [place], of: type)
    }
    try beyond.checkUndeclaredMembers(at: [], of: type)
  }
}
