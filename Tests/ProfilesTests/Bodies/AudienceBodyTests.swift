import OData
import Testing

@testable import Profiles

@Suite("allowedAudiences in a body")
struct AudienceBodyTests {
  private enum Outcome: Equatable {
    case set(Int64)
    case absent
    case refused
  }

  private func outcome(_ form: String, _ purpose: EntityReader.Purpose) throws -> Outcome {
    let body = "{\"allowedAudiences\":\(form)}"
    if let fault = PhoneBody.fault(body, purpose) {
      #expect(fault == .unknownMember(property: "allowedAudiences", type: "microsoft.graph.allowedAudiences"))
      return .refused
    }
    switch try PhoneBody.change("allowedAudiences", body, purpose) {
    case .absent: return .absent
    case .value(.enumeration(let number)): return .set(number)
    case .null, .value, .merge:
      Issue.record("\(form) is read as something else")
      return .refused
    }
  }

  @Test("Every number from 0 to 130, as number and as string, in update and create")
  func everyNumber() throws {
    for number in 0...130 {
      for form in ["\(number)", "\"\(number)\"", "\" \(number) \""] {
        let expected: Outcome = number < 64 ? .set(Int64(number)) : .refused
        #expect(try outcome(form, .create) == expected, "\(form)")
        #expect(try outcome(form, .update) == (number == 64 ? .absent : expected), "\(form)")
      }
    }
  }

  @Test("Every set of names, in any order and case, with and without blanks and me")
  func everySet() throws {
    let names = ["family", "contacts", "groupMembers", "organization", "federatedOrganizations", "everyone"]
    for number in 1...63 {
      let set = names.enumerated().filter { number & (1 << $0.offset) != 0 }.map(\.element)
      let forms = [
        set.joined(separator: ","), set.reversed().joined(separator: ", ").uppercased(),
        (set + ["me"]).joined(separator: " ,").lowercased(), (["ME"] + set).joined(separator: ","),
      ]
      for form in forms {
        #expect(try outcome("\"\(form)\"", .update) == .set(Int64(number)), "\(form)")
        #expect(try outcome("\"\(form)\"", .create) == .set(Int64(number)), "\(form)")
      }
    }
    #expect(try outcome("\"me\"", .update) == .set(0))
  }

  @Test("unknownFutureValue means not sent in an update and is refused in a create")
  func sentinel() throws {
    for form in ["\"unknownFutureValue\"", "\"UnknownFutureValue\"", "64", "\"64\""] {
      #expect(try outcome(form, .update) == .absent)
      #expect(try outcome(form, .create) == .refused)
    }
  }

  @Test("Anything else is refused")
  func refusals() throws {
    let forms = [
      "\"\"", "\",\"", "\"family,\"", "\"nosuch\"", "\"family,nosuch\"", "\"family,unknownFutureValue\"", "-1", "1.0",
      "1e1", "9223372036854775808", "true", "[]", "[\"me\"]", "{}", "\"family;contacts\"",
    ]
    for form in forms {
      #expect(try outcome(form, .update) == .refused, "\(form)")
      #expect(try outcome(form, .create) == .refused, "\(form)")
    }
  }

  @Test("null is the value me")
  func null() throws {
    let text = try PhoneBody.text(after: [#"{"allowedAudiences":"everyone"}"#, #"{"allowedAudiences":null}"#])
    #expect(text.contains(#""allowedAudiences":"me""#))
  }
}
