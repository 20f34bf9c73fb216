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
    for name in ["no_such", "_", "__", "display_nam", "displayname", "Display_Name", ""] {
      #expect(
        PhoneBody.fault("{\"\(name)\":null}")
          == .unknownProperty(name, type: "microsoft.graph.itemPhone", suggestion: nil), "\(name)")
    }
  }

  @Test("The lenient server takes it for the property, at every depth, and still refuses other names")
  func lenient() throws {
    let body = #"{"display_name":null,"inference":{"confidence_score":0.5}}"#
    let meant = #"{"displayName":null,"inference":{"confidenceScore":0.5}}"#
    #expect(try PhoneBody.read(body, acceptsSnakeCase: true) == PhoneBody.read(meant))
    #expect(PhoneBody.fault(#"{"no_such":1}"#, acceptsSnakeCase: true)?.property == "no_such")
    #expect(PhoneBody.fault(#"{"display_name":5}"#, acceptsSnakeCase: true)?.property == "displayName")
  }

  @Test("Both spellings of one property in one body are a duplicate")
  func bothSpellings() {
    for body in [#"{"display_name":null,"displayName":"x"}"#, #"{"displayName":"x","display_name":null}"#] {
      guard case .malformed(let error) = PhoneBody.fault(body, acceptsSnakeCase: true) else {
        Issue.record("\(body) was accepted")
        continue
      }
      #expect(error.kind == .duplicateMember)
    }
  }
}
