import Fixtures
import Foundation
import OData
import Testing

@Suite("JSONWriter and JSONReader")
struct JSONRoundTripTests {
  private func written(_ text: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.string(text)
    return writer.bytes
  }

  private func expectRoundTrip(_ text: String) throws {
    let json = written(text)
    #expect(try JSONText(json).string().utf8.elementsEqual(text.utf8))
    let foundation = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed) as? String
    #expect(foundation?.utf8.elementsEqual(text.utf8) == true)
  }

  @Test("Every scalar up to U+FFFF, and the edges above, reads back byte for byte as it was written")
  func everyScalar() throws {
    for block in stride(from: UInt32(0), to: 0x10000, by: 256) {
      let scalars = (block..<(block + 256)).compactMap(Unicode.Scalar.init)
      // Foundation drops a byte order mark only at the start of a text.
      try expectRoundTrip("x" + String(String.UnicodeScalarView(scalars)))
    }
    try expectRoundTrip("\u{10000}\u{1F600}\u{10FFFF}")
  }

  @Test("Control characters, quotes and backslashes are escaped, and nothing else is")
  func escapes() {
    let expected: [UInt8: String] = [
      0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: "\\\"", 0x5C: "\\\\", 0x00: "\\u0000",
      0x1F: "\\u001f", 0x7F: "\u{7F}", 0x2F: "/",
    ]
    for (byte, escape) in expected {
      #expect(written(String(Unicode.Scalar(byte))) == Array("\"\(escape)\"".utf8))
    }
  }

  @Test("An escaped surrogate pair is one character")
  func surrogatePairs() throws {
    #expect(try JSONText("\"\\uD83D\\uDE00\"").string() == "\u{1F600}")
    #expect(try JSONText("\"\\uD800\\uDC00\"").string() == "\u{10000}")
    #expect(try JSONText("\"\\uDBFF\\uDFFF\"").string() == "\u{10FFFF}")
    #expect(try JSONText("\"\\ud83d\\uDe00x\"").string() == "\u{1F600}x")
  }

  @Test("Composed and decomposed accents are kept as they are")
  func accents() throws {
    let composed = "Ren\u{E9}"
    let decomposed = "Rene\u{301}"
    #expect(!(try JSONText(written(composed)).string().utf8.elementsEqual(decomposed.utf8)))
    try expectRoundTrip(composed)
    try expectRoundTrip(decomposed)
    #expect(Value.string(composed) != Value.string(decomposed))
  }

  @Test("Doubles read back as the same number")
  func doubles() throws {
    var generator = SeededGenerator.replayable("JSON doubles")
    var values: [Double] = [
      0, -0.0, 0.5, 1, 100, 1e15, 1e16, 1e21, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
    ]
    for _ in 0..<2_000 { values.append(Double(bitPattern: generator.next())) }
    for value in values where value.isFinite {
      var writer = JSONWriter()
      writer.double(value)
      #expect(JSONText(writer.bytes).isAccepted(.strict))
      let number = try writer.bytes.withUnsafeBufferPointer { buffer in
        var reader = JSONReader(buffer)
        return try reader.readNumber().double
      }
      #expect(number?.bitPattern == value.bitPattern, "\(value)")
    }
  }

  @Test("Random JSON of any shape is copied unchanged and means the same to Foundation")
  func randomTexts() throws {
    var generator = SeededGenerator.replayable("JSON round trip")
    for _ in 0..<500 {
      var writer = JSONWriter()
      Self.write(&writer, depth: 0, &generator)
      let copy = try JSONText(writer.bytes).canonical()
      #expect(copy == writer.bytes)
      let spaced = Self.spaced(writer.bytes, &generator)
      #expect(try JSONText(spaced).canonical() == writer.bytes)
      let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
      let ours = try JSONSerialization.jsonObject(with: Data(writer.bytes), options: options) as? NSObject
      let theirs = try JSONSerialization.jsonObject(with: Data(spaced), options: options) as? NSObject
      #expect(ours == theirs)
    }
  }

  @Test("JSON that is truncated or has one byte changed never crashes the reader, and both dialects agree on it")
  func damagedTexts() throws {
    var generator = SeededGenerator.replayable("JSON damage")
    for _ in 0..<2_000 {
      var writer = JSONWriter()
      Self.write(&writer, depth: 0, &generator)
      var bytes = writer.bytes
      guard let index = bytes.indices.randomElement(using: &generator) else { continue }
      if Bool.random(using: &generator) {
        bytes.removeSubrange(index...)
      } else {
        bytes[index] = UInt8.random(in: 0...255, using: &generator)
      }
      let strict = JSONText(bytes).isAccepted(.strict)
      if strict { #expect(JSONText(bytes).isAccepted(.graph)) }
      if let offset = JSONText(bytes).fault(.graph)?.offset { #expect((0...bytes.count).contains(offset)) }
    }
  }

  private static let pieces = [
    "a", "\u{E9}", "e\u{301}", "\u{1F600}", "\"", "\\", "\u{0}", "\u{1F}", "\u{7F}", "\u{2028}", " ", "/", "\u{FEFF}",
  ]

  private static func text(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 0...8, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
  }

  private static func write(_ writer: inout JSONWriter, depth: Int, _ generator: inout SeededGenerator) {
    switch Int.random(in: 0...(depth < 5 ? 7 : 4), using: &generator) {
    case 0: writer.null()
    case 1: writer.bool(Bool.random(using: &generator))
    case 2: writer.int(Int64.random(in: Int64.min...Int64.max, using: &generator))
    case 3: writer.double(Double.random(in: -1e9...1e9, using: &generator))
    case 4: writer.string(text(&generator))
    case 5:
      writer.beginArray()
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        writer.element()
        write(&writer, depth: depth + 1, &generator)
      }
      writer.endArray()
    default:
      writer.beginObject()
      for index in 0..<Int.random(in: 0...4, using: &generator) {
        writer.name("\(index)" + text(&generator))
        write(&writer, depth: depth + 1, &generator)
      }
      writer.endObject()
    }
  }

  /// The text with white space everywhere that the grammar allows it.
  private static func spaced(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var spaced: [UInt8] = []
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      let isStructural = !isInString && [UInt8](("{}[],:").utf8).contains(byte)
      if isStructural { spaced.append(contentsOf: [0x20, 0x09, 0x0A, 0x0D].shuffled(using: &generator)) }
      spaced.append(byte)
      if isStructural { spaced.append(0x20) }
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = isInString
      } else if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      }
    }
    return spaced
  }
}
