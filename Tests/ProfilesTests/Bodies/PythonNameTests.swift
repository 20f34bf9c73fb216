import OData
import Testing

@testable import Profiles

/// The official Python SDK writes `display_name` when `display_name = None` is set.
@Suite("Names in snake_case")
struct PythonNameTests {
  private let names = [
    "display_name": "displayName", "allowed_audiences": "allowedAudiences", "is_searchable": "isSearchable",
    "created_date_time": "createdDateTime", "last_modified_by": "lastModifiedBy",
    "last_modified_date_time": "lastModifiedDateTime", "created_by": "createdBy",
  ]

  @Test("A name in snake_case is refused with the property that is meant and the way out")
  func suggestions() {
    for (sent, meant) in names {
      let fault = PhoneBody.fault("{\"\(sent)\":null}")
      #expect(fault == .unknownProperty(sent, type: "microsoft.graph.itemPhone", suggestion: meant))
      #expect(fault?.message.contains("'\(meant)'") == true)
      #expect(fault?.message.contains("--lenient-names") == true)
    }
    #expect(
      PhoneBody.fault(#"{"inference":{"confidence_score":null}}"#)
        == .unknownProperty(
          "inference/confidence_score", type: "microsoft.graph.inferenceData", suggestion: "confidenceScore"))
    for name in ["no_such", "_", "__", "display_nam", "DisplayNam", ""] {
      #expect(
        PhoneBody.fault("{\"\(name)\":null}")
          == .unknownProperty(name, type: "microsoft.graph.itemPhone", suggestion: nil), "\(name)")
    }
  }

  @Test("A name in another case is refused with the property that is meant, and the way out of its own kind")
  func otherCases() {
    for name in ["DisplayName", "displayname", "DISPLAYNAME", "Display_Name"] {
      let fault = PhoneBody.fault("{\"\(name)\":null}")
      #expect(fault == .unknownProperty(name, type: "microsoft.graph.itemPhone", suggestion: "displayName"))
      #expect(fault?.message.contains("PascalCase") == !name.contains("_"))
      #expect(fault?.message.contains("--lenient-names") == true)
      #expect(throws: Never.self) { try PhoneBody.read("{\"\(name)\":null}", lenientNames: true) }
    }
    #expect(
      PhoneBody.fault(#"{"Inference":{}}"#)
        == .unknownProperty("Inference", type: "microsoft.graph.itemPhone", suggestion: "inference"))
    #expect(
      PhoneBody.fault(#"{"inference":{"ConfidenceScore":1}}"#)
        == .unknownProperty(
          "inference/ConfidenceScore", type: "microsoft.graph.inferenceData", suggestion: "confidenceScore"))
    // An open type may have a member of that name.
    #expect(PhoneBody.fault(#"{"createdBy":{"user":{"DisplayName":"x"}}}"#) == nil)
    let fault = #expect(throws: BodyError.self) {
      try EntityReader(.update).read(Array(#"{"Members@odata.bind":[]}"#.utf8), as: ProfileModel.group)
    }
    #expect(fault?.message.contains("'members@odata.bind' is meant") == true)
    let inline = #expect(throws: BodyError.self) {
      try EntityReader(.update).read(Array(#"{"Phones":[]}"#.utf8), as: ProfileModel.profile)
    }
    #expect(inline == .inlineNavigation("phones"))
  }

  @Test("A type is named in any case, with namespace, and no other is")
  func types() {
    for type in ["#microsoft.graph.itemPhone", "#Microsoft.Graph.ItemPhone", "MICROSOFT.GRAPH.ITEMPHONE"] {
      #expect(PhoneBody.fault("{\"@odata.type\":\"\(type)\"}") == nil, "\(type)")
    }
    for type in [
      "#microsoft.graph.itemEmail", "#itemPhone", "#microsoft.graph.itemPhones", "##microsoft.graph.itemPhone",
    ] {
      #expect(
        PhoneBody.fault("{\"@odata.type\":\"\(type)\"}") == .contradictingType(expected: "microsoft.graph.itemPhone"),
        "\(type)")
    }
    let older = ProfileModel.collection(named: "anniversaries")?.target ?? ProfileModel.itemFacet
    #expect(throws: Never.self) {
      try EntityReader(.update).read(
        Array(##"{"@odata.type":"#microsoft.graph.PERSONANNUALEVENT"}"##.utf8), as: older)
    }
  }

  @Test("A byte order mark before a body is stepped over, one of another encoding is named, and none stands elsewhere")
  func byteOrderMarks() {
    func fault(_ bytes: [UInt8]) -> BodyError? {
      do throws(BodyError) {
        _ = try EntityReader(.update).read(bytes, as: PhoneBody.type)
        return nil
      } catch {
        return error
      }
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    #expect(fault(mark + Array(#" {"number":"1"}"#.utf8)) == nil)
    #expect(fault(mark) == .malformed(JSONError(.unexpectedEnd, at: 3)))
    #expect(fault(mark + mark + Array("{}".utf8)) == .malformed(JSONError(.unexpectedByte, at: 3)))
    #expect(fault([0xEF, 0xBB] + Array("{}".utf8)) == .malformed(JSONError(.unexpectedByte, at: 0)))
    #expect(fault(Array("{".utf8) + mark + Array("}".utf8)) == .malformed(JSONError(.unexpectedByte, at: 1)))
    #expect(fault([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]) == .malformed(JSONError(.otherEncoding, at: 0)))
    #expect(fault([0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D])?.message.contains("UTF-16") == true)
  }

  @Test("The lenient server takes it for the property, at every depth, and still refuses other names")
  func lenient() throws {
    let body = #"{"display_name":null,"inference":{"confidence_score":0.5}}"#
    let meant = #"{"displayName":null,"inference":{"confidenceScore":0.5}}"#
    #expect(try PhoneBody.read(body, lenientNames: true) == PhoneBody.read(meant))
    #expect(PhoneBody.fault(#"{"no_such":1}"#, lenientNames: true)?.property == "no_such")
    #expect(PhoneBody.fault(#"{"display_name":5}"#, lenientNames: true)?.property == "displayName")
  }

  @Test("Both spellings of one property in one body are a duplicate")
  func bothSpellings() {
    for body in [#"{"display_name":null,"displayName":"x"}"#, #"{"displayName":"x","display_name":null}"#] {
      guard case .malformed(let error) = PhoneBody.fault(body, lenientNames: true) else {
        Issue.record("\(body) was accepted")
        continue
      }
      #expect(error.kind == .duplicateMember)
    }
  }
}
