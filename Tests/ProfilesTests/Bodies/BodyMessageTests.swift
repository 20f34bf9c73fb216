import OData
import Testing

@testable import Profiles

@Suite("Messages about a body")
struct BodyMessageTests {
  @Test("Every message names its property and never shows a value")
  func messages() throws {
    let value = PhoneBody.canary
    let long = value + String(repeating: "x", count: Limits.stringBytesMax)
    let many = Array(repeating: "\"\(value)\"", count: 1_001).joined(separator: ",")
    let cases: [(String, String)] = [
      ("{\"nosuch\":\"\(value)\"}", "nosuch"), ("{\"display_name\":\"\(value)\"}", "display_name"),
      ("{\"displayName\":[\"\(value)\"]}", "displayName"), ("{\"number\":{\"\(value)\":1}}", "number"),
      ("{\"type\":\"\(value)\"}", "type"), ("{\"allowedAudiences\":\"family,\(value)\"}", "allowedAudiences"),
      ("{\"createdDateTime\":\"\(value)\"}", "createdDateTime"), ("{\"inference\":\"\(value)\"}", "inference"),
      ("{\"inference\":{\"confidenceScore\":\"\(value)\"}}", "inference/confidenceScore"),
      ("{\"number\":\"\(long)\"}", "number"), ("{\"source\":{\"type\":[\(many)]}}", "source/type"),
      ("{\"createdBy\":{\"m\":\"\(long)\"}}", "createdBy/m"), ("{\"isSearchable\":\"\(value)\"}", "isSearchable"),
      ("{\"createdDateTime\":\"2024-01-02T03:04:05\"}", "createdDateTime"),
    ]
    for (body, property) in cases {
      let fault = try #require(PhoneBody.fault(body), "\(body.prefix(60)) was accepted")
      #expect(fault.property == property)
      #expect(fault.message.contains("'\(property)'"), "\(fault.message)")
      #expect(!fault.message.contains(value), "\(fault.message)")
      #expect(fault.message.hasSuffix("."), "\(fault.message)")
    }
  }

  @Test("A message about the whole body shows nothing of it")
  func wholeBodies() throws {
    let value = PhoneBody.canary
    let bodies = [
      "\(value)", "[\"\(value)\"]", "\"\(value)\"", "{\"number\":\"\(value)", "{\"number\":\(value)}",
      "{\"@odata.type\":\"\(value)\"}", "{\"number\":\"\(value)\"} x", "{\"number\":\"\(value)\\q\"}",
    ]
    for body in bodies {
      let message = try #require(PhoneBody.fault(body)).message
      #expect(!message.contains(value), "\(message)")
    }
    #expect(PhoneBody.fault("{\"number\":1 1}")?.message.contains("byte 10") == false)
    #expect(PhoneBody.fault("{\"number\":\"1\" 1}")?.message.contains("byte 14") == true)
  }

  @Test("A name of any length and content is cut and cleaned before it is shown")
  func names() throws {
    let name = String(repeating: "n", count: 10_000)
    let message = try #require(PhoneBody.fault("{\"\(name)\":1}")).message
    #expect(message.utf8.count < 300)
    #expect(PhoneBody.fault("{\"a\\u0000\\n\\u007f\":1}")?.property == "a???")
    let nested = try #require(
      PhoneBody.fault("{\"createdBy\":{\"\(name)\":\"\(name)\(name)\(name)\(name)\(name)\(name)\(name)\"}}"))
    #expect(nested.message.utf8.count < 300)
  }
}
