import NIOHTTP1
import OData

/// The header fields of an answer, in their order; names are compared in any case (RFC 9110 section 5.1).
///
/// NIO's own looks through each name that is added, which is for names from anywhere. These are this server's, and
/// whatever values were taken from a request were found to be printable before.
struct HeaderFields: Equatable, Sendable {
  private var fields: [Field]

  private struct Field: Equatable, Sendable {
    let name: String
    var value: String
  }

  /// No fields yet.
  init() { fields = [] }

  /// As many as most answers have, so that they need memory once.
  private static let usualCount = 12

  /// Adds a field, whether or not there is one of this name.
  mutating func add(name: String, value: String) {
    if fields.count == fields.capacity { fields.reserveCapacity(Swift.max(Self.usualCount, fields.count * 2)) }
    fields.append(Field(name: name, value: value))
  }

  /// Makes this the only field of its name, in the place of the first there was.
  mutating func replaceOrAdd(name: String, value: String) {
    guard let place = place(of: name) else { return add(name: name, value: value) }
    fields[place].value = value
    fields[(place + 1)...].removeAll { Self.isSame($0.name, name) }
  }

  /// Takes every field of this name away.
  mutating func remove(name: String) { fields.removeAll { Self.isSame($0.name, name) } }

  /// The value of the first field of this name.
  func first(name: String) -> String? { place(of: name).map { fields[$0].value } }

  /// Whether there is a field of this name.
  func contains(name: String) -> Bool { place(of: name) != nil }

  private func place(of name: String) -> Int? { fields.firstIndex { Self.isSame($0.name, name) } }

  private static func isSame(_ left: String, _ right: String) -> Bool { left.utf8.isSameName(as: right.utf8) }

  /// The fields for NIO's codec.
  var forCodec: HTTPHeaders { HTTPHeaders(map { ($0.name, $0.value) }) }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }
}

extension HeaderFields: Sequence {
  func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
    fields.lazy.map { (name: $0.name, value: $0.value) }.makeIterator()
  }
}

extension HeaderFields {
  /// How many bytes `write` takes.
  var byteCount: Int { fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 } }

  /// Writes each field as a line of the header section (RFC 9112 section 5).
  func write(to wire: inout WireWriter) {
    for field in fields {
      wire.append(field.name)
      wire.append(": ")
      wire.append(field.value)
      wire.append("\r\n")
    }
  }
}
