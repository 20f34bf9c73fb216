import Fixtures
import OData
import Testing

@testable import Profiles

@Suite("Bounds of a body")
struct BodyLimitTests {
  private func tooLarge(_ body: String) -> String? {
    guard case .tooLarge(let property, let bound) = PhoneBody.fault(body) else { return nil }
    #expect(!bound.isEmpty)
    return property
  }

  private func string(_ bytes: Int) -> String { "\"" + String(repeating: "x", count: bytes) + "\"" }

  @Test("A string of 65,536 bytes is kept, one of 65,537 refused, counted in UTF-8 after decoding")
  func strings() {
    #expect(PhoneBody.fault("{\"number\":\(string(65_536))}") == nil)
    #expect(tooLarge("{\"number\":\(string(65_537))}") == "number")
    let accents = String(repeating: "\u{E9}", count: 32_768)
    #expect(PhoneBody.fault("{\"number\":\"\(accents)\"}") == nil)
    #expect(tooLarge("{\"number\":\"\(accents)x\"}") == "number")
    let escaped = String(repeating: "\\u0041", count: 65_536)
    #expect(PhoneBody.fault("{\"number\":\"\(escaped)\"}") == nil)
    #expect(tooLarge("{\"number\":\"\(escaped)x\"}") == "number")
    #expect(tooLarge("{\"source\":{\"type\":[\(string(65_537))]}}") == "source/type")
    #expect(PhoneBody.fault("{\"number\":\(string(65_537))}", .restore) == nil)
  }

  @Test("A body 64 deep is read, one 65 deep refused")
  func depth() {
    func nested(_ levels: Int) -> String {
      "{\"@a\":" + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1) + "}"
    }
    #expect(PhoneBody.fault(nested(64)) == nil)
    guard case .malformed(let error) = PhoneBody.fault(nested(65)) else {
      Issue.record("A body 65 deep was read")
      return
    }
    #expect(error.kind == .tooDeep)
  }

  @Test("A collection of 1,000 elements is kept, one of 1,001 refused")
  func collections() {
    func body(_ count: Int) -> String {
      "{\"source\":{\"type\":[" + Array(repeating: "\"x\"", count: count).joined(separator: ",") + "]}}"
    }
    #expect(PhoneBody.fault(body(1_000)) == nil)
    #expect(tooLarge(body(1_001)) == "source/type")
  }

  @Test("An open value takes 16 undeclared members in one body, of 65,536 bytes of name and value each")
  func undeclaredMembers() {
    func body(_ count: Int) -> String {
      "{\"createdBy\":{\"user\":{" + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}}}"
    }
    #expect(PhoneBody.fault(body(16)) == nil)
    #expect(tooLarge(body(17)) == "createdBy/user/m16")
    func member(_ name: String, _ value: String) -> String { "{\"createdBy\":{\"\(name)\":\(value)}}" }
    // The value counts as JSON, with its quotes.
    #expect(PhoneBody.fault(member("m", string(65_533))) == nil)
    #expect(tooLarge(member("m", string(65_534))) == "createdBy/m")
    let name = String(repeating: "n", count: 65_535)
    #expect(PhoneBody.fault(member(name, "1")) == nil)
    #expect(tooLarge(member(name + "n", "1")) != nil)
  }

  @Test("The longest bodies of every shape are read or refused in time linear in their length")
  func hostileShapes() {
    let count = 80_000
    let shapes = [
      "{\"@a\":{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}}",
      "{" + (0..<count).map { "\"@\($0)\":0" }.joined(separator: ",") + "}",
      "{\"" + String(repeating: "a_", count: 500_000) + "\":0}",
      "{\"createdBy\":{\"x\":{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}}}",
      "{\"type\":\"" + String(repeating: ",", count: 1_000_000) + "\"}",
      "{\"type\":\"" + String(repeating: " ", count: 1_000_000) + "\"}",
      "{\"createdDateTime\":\"2024-01-01T00:00:00." + String(repeating: "1", count: 65_000) + "Z\"}",
      "{\"inference\":{\"confidenceScore\":" + String(repeating: "1", count: 1_000_000) + "}}",
    ]
    var total = Duration.zero
    for shape in shapes {
      let time = ThreadClock.measure { _ = PhoneBody.fault(shape, lenientNames: true) }
      #expect(time < .seconds(20), "\(shape.prefix(24)) took \(time)")
      total += time
    }
    #expect(total < .seconds(60))
  }
}
