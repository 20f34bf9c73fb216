import NIOHTTP1

/// The header fields of a Graph request. Most fields that the server looks for are absent. A bit set of the lengths of
/// all names usually shows that without comparing names, however many fields a client sends.
struct RequestFields: Sendable {
  /// The fields as they were received.
  let all: HTTPHeaders
  /// Has the bit at the length of each name set; the highest one stands for all longer names.
  private let lengths: UInt64

  /// The fields of a request.
  init(_ headers: HTTPHeaders) {
    all = headers
    var lengths: UInt64 = 0
    for (name, _) in headers { lengths |= Self.bit(of: name) }
    self.lengths = lengths
  }

  /// The value of the first field with a name; nil when there is none.
  func first(name: String) -> String? { mayContain(name) ? all.first(name: name) : nil }

  /// Whether there is a field with a name.
  func contains(name: String) -> Bool { mayContain(name) && all.contains(name: name) }

  /// The values of the fields with a name.
  subscript(name: String) -> [String] { mayContain(name) ? all[name] : [] }

  private func mayContain(_ name: String) -> Bool { lengths & Self.bit(of: name) != 0 }

  private static func bit(of name: String) -> UInt64 { 1 << UInt64(min(name.utf8.count, 63)) }
}

extension RequestFields: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral elements: (String, String)...) { self.init(HTTPHeaders(elements)) }
}
