import OData
import Testing

@testable import Profiles

/// Rows U1 to U28 of the conformance checklist, section 2.1, as DESIGN section 1 settles them.
@Suite("The body of an itemPhone")
struct PhoneBodyTests {
  private let start = """
    {"displayName":"A","number":"1","type":"mobile","allowedAudiences":"me",
     "inference":{"confidenceScore":0.5,"userHasVerifiedAccuracy":true},"source":{"type":["User"]}}
    """

  /// Whether applying `body` to the start gives JSON that contains `part`.
  private func expect(_ body: String, leaves part: String) throws {
    let text = try PhoneBody.text(after: [start, body])
    #expect(text.contains(part), "\(body) gave \(text)")
  }

  @Test("U1 to U8: what is sent is set, what is absent stays, null clears, complex values merge")
  func merging() throws {
    try expect(#"{"displayName":"B"}"#, leaves: #""displayName":"B","type":"mobile","number":"1""#)
    #expect(try PhoneBody.text(after: [start, "{}"]) == PhoneBody.text(after: [start]))
    try expect(#"{"displayName":null}"#, leaves: #""displayName":null,"type":"mobile","number":"1""#)
    try expect(#"{"type":null}"#, leaves: #""type":null"#)
    try expect(
      #"{"inference":{"confidenceScore":0.9}}"#,
      leaves: #""inference":{"confidenceScore":0.9,"userHasVerifiedAccuracy":true}"#)
    try expect(
      #"{"inference":{"confidenceScore":null}}"#,
      leaves: #""inference":{"confidenceScore":null,"userHasVerifiedAccuracy":true}"#)
    try expect(#"{"inference":null}"#, leaves: #""inference":null"#)
    let fromNull = try PhoneBody.text(after: [start, #"{"inference":null}"#, #"{"inference":{"confidenceScore":0.9}}"#])
    #expect(fromNull.contains(#""inference":{"confidenceScore":0.9,"userHasVerifiedAccuracy":null}"#))
  }

  @Test("U9: a collection is replaced whole; one element may stand alone; null is null")
  func collections() throws {
    try expect(#"{"source":{"type":["AAD","UPA"]}}"#, leaves: #""source":{"type":["AAD","UPA"]}"#)
    try expect(#"{"source":{"type":"AAD"}}"#, leaves: #""source":{"type":["AAD"]}"#)
    try expect(#"{"source":{"type":[]}}"#, leaves: #""source":{"type":[]}"#)
    try expect(#"{"source":{"type":null}}"#, leaves: #""source":{"type":null}"#)
    try expect(#"{"source":{}}"#, leaves: #""source":{"type":["User"]}"#)
    #expect(PhoneBody.fault(#"{"source":{"type":[null]}}"#)?.property == "source/type")
    #expect(PhoneBody.fault(#"{"source":{"type":[["x"]]}}"#)?.property == "source/type")
    #expect(PhoneBody.fault(#"{"source":{"type":{}}}"#)?.property == "source/type")
  }

  @Test("U10: the key and read-only members in a body are ignored, whatever they hold")
  func ignoredMembers() throws {
    for body in [#"{"id":"other"}"#, #"{"id":null}"#, #"{"id":5}"#, #"{"sources":[{"nosuch":1}]}"#, #"{"sources":7}"#] {
      for purpose in [EntityReader.Purpose.create, .update] {
        #expect(try PhoneBody.read(body, purpose) == StructuredPatch(of: PhoneBody.type), "\(body)")
      }
    }
    #expect(PhoneBody.fault(#"{"id":[1,}"#)?.property == nil)
    #expect(PhoneBody.fault(#"{"id":[1,}"#) != nil)
    #expect(PhoneBody.fault(#"{"id":5}"#, .restore)?.property == "id")
    #expect(PhoneBody.fault(#"{"id":null}"#, .restore) == .notNullable(property: "id"))
  }

  @Test("U11: audit members that are sent are read")
  func stampMembers() throws {
    let body = #"{"createdDateTime":"2024-01-01T01:00:00+01:00","createdBy":{"user":{"id":"x"}}}"#
    let text = try PhoneBody.text(after: [body])
    #expect(text.contains(#""createdDateTime":"2024-01-01T00:00:00Z""#))
    #expect(text.contains(#""createdBy":{"user":{"id":"x","displayName":null}}"#))
  }

  @Test("U13, U14: an unknown property is refused by name, except in an open value, where it is kept")
  func unknownProperties() throws {
    #expect(
      PhoneBody.fault(#"{"nosuch":1}"#)
        == .unknownProperty("nosuch", type: "microsoft.graph.itemPhone", suggestion: nil))
    #expect(
      PhoneBody.fault(#"{"inference":{"nosuch":1}}"#)
        == .unknownProperty("inference/nosuch", type: "microsoft.graph.inferenceData", suggestion: nil))
    #expect(PhoneBody.fault(#"{"Number":"1"}"#)?.property == "Number")
    let open = #"{"createdBy":{"user":{"id":"x","email":"e","tags":{"a":[1, 2]}},"phone":{"n":1}}}"#
    #expect(
      try PhoneBody.text(after: [open]).contains(
        #""createdBy":{"user":{"id":"x","displayName":null,"email":"e","tags":{"a":[1,2]}},"phone":{"n":1}}"#))
  }

  @Test("U15: JSON of the wrong kind is refused by the property's name")
  func wrongKinds() {
    let cases = [
      (#"{"displayName":5}"#, "displayName"), (#"{"displayName":["x"]}"#, "displayName"),
      (#"{"number":{}}"#, "number"), (#"{"number":true}"#, "number"), (#"{"inference":[]}"#, "inference"),
      (#"{"inference":"x"}"#, "inference"), (#"{"source":"User"}"#, "source"), (#"{"type":["home"]}"#, "type"),
      (#"{"type":{}}"#, "type"), (#"{"type":true}"#, "type"), (#"{"allowedAudiences":["me"]}"#, "allowedAudiences"),
      (#"{"isSearchable":"true"}"#, "isSearchable"), (#"{"isSearchable":1}"#, "isSearchable"),
      (#"{"createdDateTime":5}"#, "createdDateTime"), (#"{"createdBy":{"user":"x"}}"#, "createdBy/user"),
      (#"{"createdBy":{"user":{"id":1}}}"#, "createdBy/user/id"),
      (#"{"inference":{"confidenceScore":"0.5"}}"#, "inference/confidenceScore"),
      (#"{"inference":{"confidenceScore":"INF"}}"#, "inference/confidenceScore"),
      (#"{"inference":{"confidenceScore":1e400}}"#, "inference/confidenceScore"),
      (#"{"inference":{"userHasVerifiedAccuracy":0}}"#, "inference/userHasVerifiedAccuracy"),
    ]
    for (body, property) in cases { #expect(PhoneBody.fault(body)?.property == property, "\(body)") }
  }

  @Test("U15: a body that is no object is refused, and one that is no JSON says where")
  func wholeBodies() {
    for body in ["[]", "[{}]", "\"x\"", "5", "null", "true", " [1,] "] {
      #expect(PhoneBody.fault(body) == .notAnObject, "\(body)")
    }
    for body in ["", " ", "{", "{} {}", "{\"a\"}", "[1", "{\"number\":\"1\"}x", "{\u{FEFF}}", "{,}"] {
      guard case .malformed = PhoneBody.fault(body) else {
        Issue.record("\(body) was not malformed")
        continue
      }
    }
  }

  @Test("U15, U16: type is a name in any case or a declared number, and nothing else")
  func phoneTypes() throws {
    let names = [
      "home", "business", "mobile", "other", "assistant", "homeFax", "businessFax", "otherFax", "pager", "radio",
    ]
    for (number, name) in names.enumerated() {
      for form in ["\"\(name)\"", "\"\(name.uppercased())\"", "\(number)", "\"\(number)\"", "\" \(name) \""] {
        #expect(
          try PhoneBody.change("type", "{\"type\":\(form)}") == .value(.enumeration(Int64(number))), "\(form)")
      }
    }
    for form in ["\"nosuch\"", "10", "-1", "\"10\"", "2.0", "2e0", "\"\"", "\"home,mobile\"", "\"unknownFutureValue\""]
    {
      #expect(
        PhoneBody.fault("{\"type\":\(form)}") == .unknownMember(property: "type", type: "microsoft.graph.phoneType"),
        "\(form)")
    }
  }

  @Test("U18: annotations are ignored, whatever they hold")
  func annotations() throws {
    let body = """
      {"@odata.context":"x","@odata.id":null,"@odata.foo":{"a":[1]},"displayName@x.y":5,"@x":"y","@odata.type":7,
       "number":"2","number@odata.type":"#String","inference":{"@odata.type":"microsoft.graph.inferenceData","@a":1}}
      """
    var expected = StructuredPatch(of: PhoneBody.type)
    expected.members[try PhoneBody.index("number")] = .value(.string("2"))
    let inference = try #require(ProfileModel.model.type(named: "inferenceData"))
    expected.members[try PhoneBody.index("inference")] = .merge(StructuredPatch(of: inference))
    #expect(try PhoneBody.read(body) == expected)
  }

  @Test("U19: an @odata.type that contradicts the resource is refused, with and without its hash")
  func types() throws {
    for type in ["#microsoft.graph.itemPhone", "microsoft.graph.itemPhone"] {
      #expect(PhoneBody.fault("{\"@odata.type\":\"\(type)\"}") == nil)
      #expect(PhoneBody.fault("{\"@type\":\"\(type)\"}") == nil)
    }
    for type in ["#microsoft.graph.itemEmail", "itemPhone", "", "#", "##microsoft.graph.itemPhone", "Edm.String"] {
      #expect(
        PhoneBody.fault("{\"@odata.type\":\"\(type)\"}") == .contradictingType(expected: "microsoft.graph.itemPhone"),
        "\(type)")
    }
    #expect(
      PhoneBody.fault(##"{"source":{"@odata.type":"#microsoft.graph.identity"}}"##)
        == .contradictingType(expected: "microsoft.graph.personDataSources"))
    // The page that the project began with names this type.
    #expect(PhoneBody.fault(##"{"source":{"@odata.type":"#microsoft.graph.personDataSource","type":"User"}}"##) == nil)
  }

  @Test("U20: the entity tag of a body is kept apart from its members")
  func entityTags() throws {
    #expect(try PhoneBody.read(#"{"@odata.etag":"W/\"3\""}"#).entityTag == "W/\"3\"")
    #expect(try PhoneBody.read("{}").entityTag == nil)
    #expect(try PhoneBody.read(#"{"@odata.etag":3}"#).entityTag == nil)
  }

  @Test("U22: a name that stands twice is refused at every depth, however it is written")
  func duplicates() {
    let bodies = [
      #"{"displayName":"B","displayName":"C"}"#, #"{"displayName":"B","display\u004eame":"C"}"#, #"{"id":1,"id":1}"#,
      #"{"inference":{"confidenceScore":1,"confidenceScore":1}}"#, #"{"@a":1,"@a":1}"#, #"{"@a":{"x":1,"x":2}}"#,
      #"{"createdBy":{"user":{"mail":1,"mail":2}}}"#, #"{"createdBy":{"user":{"mail":{"x":1,"x":1}}}}"#,
    ]
    for body in bodies {
      guard case .malformed(let error) = PhoneBody.fault(body) else {
        Issue.record("\(body) was accepted")
        continue
      }
      #expect(error.kind == .duplicateMember)
    }
  }

  @Test("U25: any offset is read and the instant kept; without an offset it is refused with a sentence")
  func times() throws {
    let text = try PhoneBody.text(after: [#"{"createdDateTime":"2024-01-01T01:00:00.1234567+01:00"}"#])
    #expect(text.contains(#""createdDateTime":"2024-01-01T00:00:00.1234567Z""#))
    let fault = PhoneBody.fault(#"{"createdDateTime":"2024-01-02T03:04:05"}"#)
    #expect(fault?.property == "createdDateTime")
    #expect(fault?.message.contains("offset") == true)
    #expect(PhoneBody.fault(#"{"createdDateTime":"soon"}"#)?.message.contains("offset") == true)
    #expect(fault != PhoneBody.fault(#"{"createdDateTime":"soon"}"#))
  }

  @Test("The body of the published page is read, trailing comma and all")
  func publishedBody() throws {
    let body = "{\n  \"allowedAudiences\": \"organization\",\n  \"type\": \"other\",\n}"
    var expected = StructuredPatch(of: PhoneBody.type)
    expected.members[try PhoneBody.index("allowedAudiences")] = .value(.enumeration(8))
    expected.members[try PhoneBody.index("type")] = .value(.enumeration(3))
    #expect(try PhoneBody.read(body) == expected)
  }

  @Test("Phone numbers and names are kept byte for byte")
  func bytes() throws {
    for number in ["+7 499 234 56 78", "", " ", "not a number", "e\u{301}", "\u{E9}", "\u{202E}12", "0;ext=1"] {
      guard case .value(.string(let kept)) = try PhoneBody.change("number", "{\"number\":\"\(number)\"}") else {
        Issue.record("\(number) was not read as a string")
        continue
      }
      #expect(kept.utf8.elementsEqual(number.utf8))
    }
  }
}
