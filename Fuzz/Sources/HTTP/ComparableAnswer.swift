/// The part of a response that must not depend on how the request arrived: without ids, times, entity tags and
/// encrypted links.
struct ComparableAnswer: Equatable {
  let status: Int
  let closes: Bool
  /// The body, with one byte in place of each text that depends on chance or time.
  let body: [UInt8]

  init(_ answer: AnswerReading.Answer) {
    status = answer.status
    closes = answer.closes
    // Slices of an array for each byte would take most of the fuzzer's time.
    body = answer.body.withUnsafeBufferPointer(Self.withoutChance)
  }

  private static let link = Array("skiptoken=".utf8)
  /// A pattern: `x` is a hexadecimal digit, `d` a digit, `*` a digit of an entity tag.
  private static let identifier = Array("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".utf8)
  private static let time = Array("dddd-dd-ddTdd:dd:dd".utf8)
  private static let tag = Array(#"W/\"***********\""#.utf8)

  private static func withoutChance(_ body: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(body.count)
    var index = 0
    while index < body.count {
      let byte = body[index]
      let isLikely = byte == link[0] || byte == tag[0] || isHexadecimal(byte)
      let length = isLikely ? chanceLength(body, index) : 0
      result.append(length > 0 ? 0 : byte)
      index += max(length, 1)
    }
    return result
  }

  /// The length of the GUID, time, entity tag or encrypted link that begins here; 0 when none does.
  private static func chanceLength(_ body: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    if matches(link, body, start) {
      return run(body, from: start) { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "&") }
    }
    if matches(identifier, body, start) { return identifier.count }
    if matches(tag, body, start) { return tag.count }
    guard matches(time, body, start) else { return 0 }
    // Include the fraction of a second.
    return time.count + run(body, from: start + time.count) { $0 == UInt8(ascii: ".") || isDigit($0) }
  }

  private static func run(_ body: UnsafeBufferPointer<UInt8>, from start: Int, _ holds: (UInt8) -> Bool) -> Int {
    var index = start
    while index < body.count, holds(body[index]) { index += 1 }
    return index - start
  }

  private static func matches(_ pattern: [UInt8], _ body: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    guard body.count - start >= pattern.count else { return false }
    for (offset, letter) in pattern.enumerated() {
      let byte = body[start + offset]
      switch letter {
      case UInt8(ascii: "x"): guard isHexadecimal(byte) else { return false }
      case UInt8(ascii: "d"): guard isDigit(byte) else { return false }
      case UInt8(ascii: "*"): guard isTagDigit(byte) else { return false }
      default: guard byte == letter else { return false }
      }
    }
    return true
  }

  private static func isTagDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      true
    default: isDigit(byte)
    }
  }
}
