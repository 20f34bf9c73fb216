import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds the end of a header section in input that arrives in parts, and checks that its request line names HTTP/1.0 or
/// HTTP/1.1 (RFC 9112 section 3): NIO's decoder also accepts other protocols of the same form, such as RTSP, without a
/// sign.
struct RequestHeadScanner {
  /// The request line names another protocol or version, or the method of the HTTP/2 connection preface.
  struct UnsupportedProtocol: Error {
    /// Whether the line is the first one of the HTTP/2 connection preface (RFC 9113 section 3.4).
    let isPreface: Bool
  }

  /// How many bytes of the final CR LF CR LF have been matched, 0 to 3.
  private var matched = 0
  /// The first five bytes of the request line, and how many of them have arrived.
  private var lineStart: (bytes: UInt64, count: Int) = (0, 0)
  private var lineLength = 0
  /// The last eight bytes of the request line.
  private var lineEnd: UInt64 = 0
  /// Whether anything but empty lines has arrived, which may precede a request (RFC 9112 section 2.2).
  private(set) var hasBegun = false
  private var isLineComplete = false

  /// The position after the header section in `bytes`, which follow those of earlier calls; nil when it does not end in
  /// them. Throws `UnsupportedProtocol` when the request line is complete and names another protocol.
  mutating func end(in bytes: UnsafeRawBufferPointer) throws(UnsupportedProtocol) -> Int? {
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

  /// Moves `position` to the end of the request line and checks the line once it is complete.
  private mutating func readLine(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(UnsupportedProtocol) {
    let end = Self.firstReturn(bytes, from: position) ?? bytes.count
    for byte in bytes[position..<end].prefix(5 - lineStart.count) {
      lineStart = (lineStart.bytes << 8 | UInt64(byte), lineStart.count + 1)
    }
    for byte in bytes[max(position, end - 8)..<end] { lineEnd = lineEnd << 8 | UInt64(byte) }
    lineLength += end - position
    position = end
    guard end < bytes.count else { return }
    isLineComplete = true
    // After this method NIO's decoder waits for the rest of a preface (RFC 9113 section 3.4), whatever the version.
    guard lineEnd | 1 == Self.http11, lineStart.bytes >> 8 != Self.prefaceMethod else {
      throw UnsupportedProtocol(isPreface: isPreface)
    }
  }

  /// Whether the method is HEAD, as far as the request line has arrived.
  var isHead: Bool { lineStart.bytes == Self.head }

  /// Whether the request line is `PRI * HTTP/2.0`.
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

/// Finds the end of a chunked body (RFC 9112 section 7.1) and detects impossible chunk sizes. NIO's decoder checks
/// that the chunks are well-formed.
struct ChunkScanner {
  /// A chunk claims 2^63 bytes or more, which overflows a signed integer.
  struct InvalidChunkSize: Error {}

  private enum State {
    case size, extensions
    /// Within the data of a chunk; this many bytes are still to come, its line end included.
    case data(Int)
    /// Within the trailer section; this many bytes of the current line have arrived.
    case trailer(Int)
  }

  private var state = State.size
  private var size = 0

  /// The position after the body in `bytes`, which follow those of earlier calls; nil when it does not end in them.
  /// Throws `InvalidChunkSize` at a chunk of an impossible size.
  mutating func end(in bytes: UnsafeRawBufferPointer) throws(InvalidChunkSize) -> Int? {
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

  private mutating func read(_ byte: UInt8) throws(InvalidChunkSize) {
    guard let digit = Hexadecimal.value(of: byte) else {
      if byte == Self.lf { endLine() } else if byte != Self.cr { state = .extensions }
      return
    }
    guard size <= Int.max >> 4 else { throw InvalidChunkSize() }
    size = size << 4 | Int(digit)
  }

  /// CR LF follows the data of a chunk. The sum is kept from overflowing; no body comes near that size.
  private mutating func endLine() {
    state = size == 0 ? .trailer(0) : .data(size > Int.max - 2 ? size : size + 2)
    size = 0
  }

  private static let cr = UInt8(ascii: "\r")
  private static let lf = UInt8(ascii: "\n")
}
