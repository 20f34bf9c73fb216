import NIOCore
import OData
import Testing

@testable import ProfileServer

/// Bodies that other tools compressed, whole and in parts of every size.
@Suite("Compressed bodies")
struct BodyInflaterTests {
  private static let text = #"{"displayName":"two"}"#
  /// Gzip members of the first 15 bytes, of the other 6, and of none.
  private static let first = bytes("1f8b0800000000000203ab564ac92c2ec849acf44bcc4d55b20200f05f41610f000000")
  private static let second = bytes("1f8b0800000000000203532a29cf57aa0500081c91cb06000000")
  private static let empty = bytes("1f8b080000000000020303000000000000000000")
  private static let zlib = bytes("789cab564ac92c2ec849acf44bcc4d55b2522a29cf57aa0500554e078c")
  private static let raw = bytes("ab564ac92c2ec849acf44bcc4d55b2522a29cf57aa0500")

  private static func bytes(_ digits: String) -> [UInt8] {
    let values = digits.utf8.map { Hexadecimal.value(of: $0) ?? 0 }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }

  /// Inflates a body that arrives in parts of `partBytes`.
  private static func inflate(
    _ bytes: [UInt8], _ coding: ContentCoding = .gzip, partBytes: Int = .max
  ) throws(GraphError) -> ByteBuffer? {
    let inflater = BodyInflater(coding)
    var body: ByteBuffer?
    var rest = bytes[...]
    while !rest.isEmpty {
      try inflater.inflate(ByteBuffer(bytes: rest.prefix(partBytes)), into: &body)
      rest = rest.dropFirst(partBytes)
    }
    try inflater.finish()
    return body
  }

  @Test("A body of several gzip members is complete, however it is split")
  func members() throws {
    let bodies = [
      Self.first + Self.second, Self.empty + Self.first + Self.second,
      Self.first + Self.empty + Self.empty + Self.second + Self.empty,
    ]
    for body in bodies {
      for size in 1...body.count { #expect(try Self.inflate(body, partBytes: size) == ByteBuffer(string: Self.text)) }
    }
  }

  @Test("A deflate body may have a zlib header or not")
  func deflated() throws {
    for body in [Self.zlib, Self.raw] {
      for size in 1...body.count {
        #expect(try Self.inflate(body, .deflate, partBytes: size) == ByteBuffer(string: Self.text))
      }
    }
  }

  @Test("An empty body is complete and inflates to none")
  func nothing() throws {
    for coding in [ContentCoding.gzip, .deflate] { #expect(try Self.inflate([], coding) == nil) }
  }

  @Test("A truncated body is refused, and so are trailing bytes that are no gzip member")
  func malformed() {
    let whole = Self.first + Self.second
    for end in 1..<whole.count where end != Self.first.count {
      #expect(throws: GraphError.bodyNotInflatable, "\(end)") { try Self.inflate(Array(whole[..<end])) }
    }
    for body in [Self.zlib, Self.raw] {
      for end in 1..<body.count {
        #expect(throws: GraphError.bodyNotInflatable, "\(end)") { try Self.inflate(Array(body[..<end]), .deflate) }
      }
    }
    for tail in [[0], [0x1F], Array("x".utf8), Array("{}".utf8), Self.zlib] {
      #expect(throws: GraphError.bodyNotInflatable, "\(tail)") { try Self.inflate(whole + tail) }
    }
    for body in [Self.zlib + [0], Self.raw + [0], Self.zlib + Self.zlib, Self.first] {
      #expect(throws: GraphError.bodyNotInflatable, "\(body)") { try Self.inflate(body, .deflate) }
    }
    for body in [Self.zlib, Self.raw, Array(Self.text.utf8)] {
      #expect(throws: GraphError.bodyNotInflatable, "\(body)") { try Self.inflate(body) }
    }
    var changed = whole
    changed[Self.first.count - 5] ^= 1
    #expect(throws: GraphError.bodyNotInflatable) { try Self.inflate(changed) }
  }

  @Test("Empty gzip members count toward the bound with their compressed size")
  func emptyMembers() throws {
    let count = Limits.bodyBytesMax / Self.empty.count
    let most = Array(repeatElement(Self.empty, count: count).joined())
    #expect(try Self.inflate(most, partBytes: 1 << 16)?.readableBytes == 0)
    #expect(throws: GraphError.bodyTooLarge) { try Self.inflate(most + Self.empty, partBytes: 1 << 16) }
  }
}
