import Fixtures
import OData
import Testing

@Suite("JSONReader")
struct JSONReaderTests {
  @Test("A name that occurs twice is refused, however many others lie between")
  func duplicates() {
    for count in 1...20 {
      let members = (0..<count).map { "\"n\($0)\":0" }
      #expect(JSONText("{\(members.joined(separator: ","))}").isAccepted(.strict))
      for first in 0..<count {
        let text = "{\((members + ["\"\\u006e\(first)\":0"]).joined(separator: ","))}"
        #expect(JSONText(text).fault(.strict)?.kind == .duplicateMember, "\(text)")
      }
    }
  }

  @Test("The Graph dialect allows one comma after the last member, and nothing else that RFC 8259 forbids")
  func trailingCommas() {
    let forgiven = ["[1,]", "{\"a\":1,}", "[1 , ]", "{\"a\":{\"b\":[1,],},}", "[[],]", "[{},\n]"]
    for text in forgiven {
      #expect(JSONText(text).isAccepted(.graph), "\(text)")
      #expect(!JSONText(text).isAccepted(.strict), "\(text)")
    }
    let refused = [
      "[,]", "{,}", "[1,,]", "[,1]", "{\"a\":1,,}", "{,\"a\":1}", "[1],", "{},", "1,", "{\"a\",}", "{\"a\":,}",
    ]
    for text in refused {
      #expect(!JSONText(text).isAccepted(.graph), "\(text)")
      #expect(!JSONText(text).isAccepted(.strict), "\(text)")
    }
  }

  @Test("Nesting is read up to the bound; one level more is refused at its own offset")
  func depth() {
    for (opening, closing) in [("[", "]"), ("{\"a\":", "}")] {
      func nested(_ depth: Int) -> JSONText {
        let inside = opening == "[" ? "" : "1"
        return JSONText(String(repeating: opening, count: depth) + inside + String(repeating: closing, count: depth))
      }
      #expect(nested(Limits.jsonDepthMax).isAccepted(.strict))
      let fault = nested(Limits.jsonDepthMax + 1).fault(.strict)
      #expect(fault == JSONError(.tooDeep, at: Limits.jsonDepthMax * opening.utf8.count))
    }
  }

  @Test("A quote, a backslash or a bad byte is found at every offset of a string")
  func everyPlace() {
    for place in 0..<20 {
      for tail in 0..<20 {
        func text(_ special: [UInt8]) -> JSONText {
          let before = [UInt8](repeating: UInt8(ascii: "a"), count: place)
          let after = [UInt8](repeating: 0x7E, count: tail)
          return JSONText([UInt8(ascii: "\"")] + before + special + after + [UInt8(ascii: "\"")])
        }
        #expect(text([0x20]).isAccepted(.strict) && text([0x7F]).isAccepted(.strict))
        #expect(text(Array("é€😀".utf8)).isAccepted(.strict) && text(Array("\\n".utf8)).isAccepted(.strict))
        #expect(text([0x1F]).fault(.strict) == JSONError(.controlCharacter, at: place + 1))
        #expect(text([0x00]).fault(.strict) == JSONError(.controlCharacter, at: place + 1))
        #expect(text([0x80]).fault(.strict) == JSONError(.invalidUTF8, at: 1))
        #expect(text(Array("\\q".utf8)).fault(.strict) == JSONError(.invalidEscape, at: place + 1))
        #expect(text([UInt8(ascii: "\"")]).fault(.strict)?.kind == .trailingContent)
      }
    }
  }

  @Test("A fault is reported at its byte")
  func positions() {
    let cases: [(String, JSONError.Kind, Int)] = [
      ("", .unexpectedEnd, 0), ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\" 1}", .unexpectedByte, 5),
      ("[1] x", .trailingContent, 4), ("\"ab\\q\"", .invalidEscape, 3), ("\"\\uD800\"", .loneSurrogate, 1),
      ("\"\\uDC00\"", .loneSurrogate, 1), ("\"a\u{1}\"", .controlCharacter, 2), ("[-]", .invalidNumber, 2),
      ("[1.]", .invalidNumber, 3), ("{\"a\":1,\"a\":2}", .duplicateMember, 8),
      ("{\"a\":1,\"\\u0061\":2}", .duplicateMember, 8), ("[01]", .unexpectedByte, 2), ("tru", .unexpectedEnd, 3),
      ("trux", .unexpectedByte, 3),
    ]
    for (text, kind, offset) in cases {
      #expect(JSONText(text).fault(.strict) == JSONError(kind, at: offset), "\(text)")
    }
    #expect(JSONText([0x22, 0xFF, 0x22]).fault(.strict)?.kind == .invalidUTF8)
    #expect(JSONText([0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22]).fault(.strict)?.kind == .invalidUTF8)
  }

  @Test("No message about a fault holds any of the text")
  func reasons() {
    let kinds: [JSONError.Kind] = [
      .unexpectedEnd, .unexpectedByte, .trailingContent, .invalidUTF8, .invalidEscape, .loneSurrogate,
      .controlCharacter, .invalidNumber, .tooDeep, .duplicateMember,
    ]
    #expect(Set(kinds.map { JSONError($0, at: 0).reason }).count == kinds.count)
  }

  @Test("Numbers keep their text and know whether they are 64-bit integers")
  func numbers() throws {
    let cases: [(String, Int64?, Double?)] = [
      ("0", 0, 0), ("-0", 0, -0.0), ("9223372036854775807", .max, 9.223372036854775807e18),
      ("-9223372036854775808", .min, -9.223372036854775808e18), ("9223372036854775808", nil, 9.223372036854775808e18),
      ("1.0", nil, 1), ("1e2", nil, 100), ("1E400", nil, nil), ("-1E400", nil, nil),
      ("5e-324", nil, .leastNonzeroMagnitude),
    ]
    for (text, int, double) in cases {
      let number = try Array(text.utf8).withUnsafeBufferPointer { buffer in
        var reader = JSONReader(buffer)
        return try reader.readNumber()
      }
      #expect(number.text == text)
      #expect(number.int64 == int, "\(text)")
      #expect(number.double == double, "\(text)")
    }
  }

  @Test("Skipping a value takes time linear in its length")
  func skippingIsLinear() {
    func members(_ count: Int) -> JSONText {
      JSONText("{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}")
    }
    let small = members(10_000)
    let large = members(80_000)
    let shortTime = ThreadClock.measure { #expect(small.isAccepted(.strict)) }
    let longTime = ThreadClock.measure { #expect(large.isAccepted(.strict)) }
    // Eight times the length: a quadratic reader needs 64 times as long.
    #expect(longTime < shortTime * 60 + .seconds(5))
    #expect(shortTime + longTime < .seconds(60))
  }
}
