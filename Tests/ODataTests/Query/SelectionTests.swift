import OData
import Testing

/// `$select` and `$expand` against a type.
@Suite("Selection")
struct SelectionTests {
  private func options(_ query: String, of type: String = "phone") throws(QueryError) -> QueryOptions {
    try QueryOptions(query.utf8, of: TestModel.type(type), supporting: [.select, .expand])
  }

  private func fault(_ query: String, of type: String = "phone") -> QueryError? {
    do throws(QueryError) {
      _ = try options(query, of: type)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "The context URL names each selected member once, in the order of the query",
    arguments: [
      ("$select=number", "(number)"), ("select=NUMBER,id", "(number,id)"), ("%24select=id,number,id", "(id,number)"),
      ("$select=place/city", "(place/city)"), ("$select=place/city,place/spot/x", "(place/city,place/spot/x)"),
      ("$select=place/city,place", "(place)"), ("$select=place,place/city", "(place)"), ("$select=*", "(*)"),
      ("$select=*,number", "(*,number)"), ("$select=number,+id", "(number,id)"), ("$select=number%2Cid", "(number,id)"),
    ])
  func selected(query: String, suffix: String) throws {
    #expect(try options(query).selection?.contextSuffix(of: TestModel.type("phone")) == suffix)
  }

  @Test("Only selected members are written, in the order of the declaration")
  func written() throws {
    let type = TestModel.type("phone")
    let patch = try EntityReader(.restore).read(
      Array(#"{"id":"k","number":"1","place":{"city":"c","street":"s","spot":{"x":1,"y":2}}}"#.utf8), as: type)
    var value = StructuredValue(of: type)
    _ = patch.apply(to: &value, of: type)
    for (query, json) in [
      ("$select=number,id", #"{"id":"k","number":"1"}"#), ("$select=places", #"{"places":null}"#),
      ("$select=place/spot/y,place/city", #"{"place":{"city":"c","spot":{"y":2}}}"#),
    ] {
      let selection = try #require(try options(query).selection)
      var writer = EntityWriter()
      writer.json.beginObject()
      writer.members(value, of: type, selecting: selection)
      writer.json.endObject()
      #expect(String(decoding: writer.json.bytes, as: UTF8.self) == json, "\(query)")
    }
  }

  @Test("A path through a null complex value selects null")
  func throughNull() throws {
    let type = TestModel.type("phone")
    let selection = try #require(try options("$select=place/city").selection)
    var writer = EntityWriter()
    writer.json.beginObject()
    writer.members(StructuredValue(of: type), of: type, selecting: selection)
    writer.json.endObject()
    #expect(String(decoding: writer.json.bytes, as: UTF8.self) == #"{"place":null}"#)
  }

  @Test("Navigation properties are expanded by name or alias, with what is selected of each")
  func expanded() throws {
    let expansions = try #require(try options("$expand=telephones($select=number)", of: "profile").expansions)
    #expect(expansions.map(\.navigation) == ["phones"])
    #expect(expansions[0].options.selection?.contextSuffix(of: TestModel.type("phone")) == "(number)")
  }

  @Test("/$count expands to a number, and /$ref is not supported")
  func counted() throws {
    let expansions = try #require(try options("$expand=phones/$count", of: "profile").expansions)
    #expect(expansions.map(\.countsOnly) == [true])
    #expect(try options("$expand=phones", of: "profile").expansions?.map(\.countsOnly) == [false])
    for query in ["$expand=phones/$ref", "$expand=*/$ref"] {
      guard case .notImplemented = fault(query, of: "profile") else {
        Issue.record("\(query) is known and not offered")
        continue
      }
    }
  }

  @Test(
    "A malformed option is refused with its position",
    arguments: [
      ("$select=", "position 0"), ("$select=nosuch", "position 0"), ("$select=id,,number", "position 3"),
      ("$select=id,", "position 3"), ("$select=place/nosuch", "position 6"), ("$select=number/x", "position 7"),
      ("$select=id)", "position 2"), ("$select=id&$select=id", "stands twice"), ("$expand=nosuch", "position 0"),
      ("$expand=number", "position 0"),
    ])
  func refused(query: String, sentence: String) throws {
    let message = try #require(fault(query)).message
    #expect(message.contains(sentence), "\(message)")
  }

  @Test(
    "Nested options are applied or refused",
    arguments: [
      ("$expand=phones", nil), ("$expand=phones($select=number)", nil), ("$expand=phones(select=number)", nil),
      ("$expand=phones($select=nosuch)", "nosuch"), ("$expand=phones($filter=x)", "'x'"),
      ("$expand=phones($filter=number eq 'a;b)';$top=1)", nil), ("$expand=phones($expand=x)", "$expand"),
      ("$expand=phones($format=json)", "$format"), ("$expand=phones($orderby=number desc,id;$skip=1;$count=true)", nil),
      ("$expand=*", nil),
      ("$expand=phones($select=number", "too early"), ("$expand=phones($select=number;$select=id)", "twice"),
      ("$expand=phones,phones", "twice"), ("$expand=phones()", "position 7"),
      ("$expand=phones/$count", nil), ("$expand=phones/$COUNT($filter=number eq '1';$search=a)", nil),
      ("$expand=phones/test.phone", nil), ("$expand=phones/Test.Phone/$count", nil),
      ("$expand=phones/$ref", "phones/$ref"), ("$expand=telephones/test.phone/$ref($top=1)", "phones/$ref"),
      ("$expand=*/$ref", "*/$ref"), ("$expand=*/$count", "'$count'"), ("$expand=phones/$count($top=1)", "$top"),
      ("$expand=phones/$count,phones", "twice"), ("$expand=phones/$value", "'$value'"),
      ("$expand=phones/test.place", "'test.place'"), ("$expand=phones/", "too early"),
    ] as [(String, String?)])
  func nested(query: String, sentence: String?) {
    let message = fault(query, of: "profile")?.message
    #expect((message == nil) == (sentence == nil), "\(message ?? "")")
    if let sentence { #expect(message?.contains(sentence) == true, "\(message ?? "")") }
  }
}
