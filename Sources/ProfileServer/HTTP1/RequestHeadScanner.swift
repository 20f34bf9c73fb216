import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds the end of a header section in bytes that come in pieces, and tells whether its first line is of HTTP/1.0 or 1.1:
/// the codec takes other protocols of the same form, such as RTSP, and does not say so.
struct RequestHeadScanner {
  /// The first line names another protocol or version, or the method of the preface.
  struct ForeignProtocol: Error {
    /// Whether the line is that of the preface of HTTP/2 (RFC 9113 section 3.4), which no request begins with.
    let isPreface: Bool
  }

  /// How many bytes of the empty line that ends the section came last; 0 to 3 of CR LF CR LF.
  private var matched = 0
  /// The first five bytes of the first line, and how many of them came.
  private var lineStart: (bytes: UInt64, count: Int) = (0, 0)
  private var lineLength = 0
  /// The last eight bytes of the first line.
  private var lineEnd: UInt64 = 0
  /// Whether anything but the empty lines came that may precede a request (RFC 9112 section 2.2).
  private(set) var hasBegun = false
  private var isLineComplete = false

  /// The position behind the section in `bytes`, which follow those of earlier calls; nil when it does not end in them.
  mutating func end(in bytes: UnsafeRawBufferPointer) throws(ForeignProtocol) -> Int? {
    var position = 0
    if !hasBegun {
      while position < bytes.count, bytes[position] == Self.cr || bytes[position] == Self.lf { position += 1 }
      guard position < bytes.count else { return nil }
      hasBegun = true
    }
    if !isLineComplete { try readLine(bytes, &position) }
    while position < bytes.count {
      if matched == 0 {
        guard let next = Self.firstReturn(bytes, from: position) else { return nil }
        position = next
      }
      step(bytes[position])
      position += 1
      if matched == 4 { return position }
    }
    return nil
  }

  /// Reads to the end of the first line, and stands on it.
  private mutating func readLine(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ForeignProtocol) {
    let end = Self.firstReturn(bytes, from: position) ?? bytes.count
    for byte in bytes[position..<end].prefix(5 - lineStart.count) {
      lineStart = (lineStart.bytes << 8 | UInt64(byte), lineStart.count + 1)
    }
    for byte in bytes[max(position, end - 8)..<end] { lineEnd = lineEnd << 8 | UInt64(byte) }
    lineLength += end - position
    position = end
    guard end < bytes.count else { return }
    isLineComplete = true
    // Behind this method (RFC 9113 section 3.4) the codec waits for the rest of a preface, whatever the version.
    guard lineEnd | 1 == Self.http11, lineStart.bytes >> 8 != Self.prefaceMethod else {
      throw ForeignProtocol(isPreface: isPreface)
    }
  }

  /// Whether the method is HEAD, as far as the first line came.
  var isHead: Bool { lineStart.bytes == Self.head }

  /// `PRI * HTTP/2.0`.
  private var isPreface: Bool {
    lineLength == 14 && lineStart.bytes == Self.preface && lineEnd == Self.http20
  }

  private mutating func step(_ byte: UInt8) {
    switch (matched, byte) {
    case (0, Self.cr), (2, Self.cr), (1, Self.lf), (3, Self.lf): matched += 1
    case (1, Self.cr), (3, Self.cr): matched = 1
    default: matched = 0
    }
  }

  private static func firstReturn(_ bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
    guard let start = bytes.baseAddress, position < bytes.count,
      let found = memchr(start + position, Int32(cr), bytes.count - position)
    else { return nil }
    return UnsafeRawPointer(found) - start
  }

  private static let cr = UInt8(ascii: "\r")
  private static let lf = UInt8(ascii: "\n")
  private static let head = word("HEAD ")
  private static let prefaceMethod = word("PRI ")
  private static let preface = word("PRI *")
  private static let http20 = word("HTTP/2.0")
  /// `HTTP/1.1`; `HTTP/1.0` differs from it in its last bit.
  private static let http11 = word("HTTP/1.1")

  /// Up to eight characters as one number.
  private static func word(_ text: StaticString) -> UInt64 {
    text.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt64($1) } }
  }
}

/// Follows a body that comes in chunks (RFC 9112 section 7.1), to find its end and a size that no body can have. Whether
/// the chunks are well formed is the codec's business.
struct ChunkScanner {
  /// A chunk claims 2^63 bytes or more, which others may count as less than nothing.
  struct ImpossibleSize: Error {}

  private enum State {
    case size, extensions
    /// Within a chunk, with its line end: so many bytes are still to come.
    case data(Int)
    /// Within the fields behind the last chunk; so many bytes of a line came.
    case trailer(Int)
  }

  private var state = State.size
  private var size = 0

  /// The position behind the body in `bytes`, which follow those of earlier calls; nil when it does not end in them.
  mutating func end(in bytes: UnsafeRawBufferPointer) throws(ImpossibleSize) -> Int? {
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      switch state {
      case .size: try read(byte)
      case .extensions: if byte == Self.lf { endLine() }
      case .data(let left):
        let taken = min(left, bytes.count - position)
        state = taken == left ? .size : .data(left - taken)
        position += taken
        continue
      case .trailer(let length):
        if byte == Self.lf, length == 0 { return position + 1 }
        state = .trailer(byte == Self.lf ? 0 : byte == Self.cr ? length : length + 1)
      }
      position += 1
    }
    return nil
  }

  private mutating func read(_ byte: UInt8) throws(ImpossibleSize) {
    guard let digit = Hexadecimal.value(of: byte) else {
      if byte == Self.lf { endLine() } else if byte != Self.cr { state = .extensions }
      return
    }
    guard size <= Int.max >> 4 else { throw ImpossibleSize() }
    size = size << 4 | Int(digit)
  }

  /// Two bytes end the data of a chunk. No body comes near the largest number.
  private mutating func endLine() {
    state = size == 0 ? .trailer(0) : .data(size > Int.max - 2 ? size : size + 2)
    size = 0
  }

  private static let cr = UInt8(ascii: "\r")
  private static let lf = UInt8(ascii: "\n")
}
