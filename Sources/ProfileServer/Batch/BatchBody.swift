import NIOCore
import NIOHTTP1
import OData

/// The body of a JSON batch request (OData JSON 4.01 section 19.1).
struct BatchBody {
  /// One request of a batch.
  struct Part {
    let id: String
    let method: String
    let url: String
    let headers: HTTPHeaders
    /// The body as JSON text; nil when there is none.
    let body: [UInt8]?
    /// The ids of requests and atomicity groups that must have succeeded, in lower case.
    let dependsOn: [String]
    /// The atomicity group; nil when the request is in none.
    let group: String?
  }

  /// The requests, in their order.
  let parts: [Part]

  /// Reads a batch. Throws the error of malformed JSON, and `GraphError.malformedBatch` when the body is no batch or
  /// its dependencies and groups allow no order of execution.
  init(_ bytes: UnsafeBufferPointer<UInt8>, requestsMax: Int) throws(GraphError) {
    do {
      var reader = JSONReader(bytes, dialect: .graph)
      var parts: [Part]?
      try reader.skipByteOrderMark()
      guard try reader.peek() == .object else { throw Malformed.shape }
      try reader.beginObject()
      var known = MemberNames()
      while let name = try reader.nextName(notAmong: &known) {
        guard name.string == "requests" else {
          try reader.skipValue()
          continue
        }
        parts = try Self.parts(&reader, requestsMax)
      }
      try reader.finish()
      guard let parts else { throw Malformed.noRequests }
      self.parts = parts
    } catch let error as JSONError {
      throw GraphError(BodyError.malformed(error))
    } catch let error as GraphError {
      throw error
    } catch let error as Malformed {
      throw GraphError(status: .badRequest, code: .badRequest, message: error.message(requestsMax))
    } catch {
      throw .bodyMissing
    }
    try checkOrder()
  }

  /// Why a body is no batch.
  private enum Malformed: Error {
    case shape, noRequests, tooMany, member(String)

    func message(_ requestsMax: Int) -> String {
      switch self {
      case .shape: "A batch is a JSON object with an array 'requests' of objects."
      case .noRequests: "The batch has no 'requests'. Send them as an array; an empty one is answered with none."
      case .tooMany: "The batch holds more than \(requestsMax) requests. Send several batches."
      case .member(let name):
        "A request of the batch lacks '\(name)', or has one of another type than it needs."
      }
    }
  }

  private static func parts(_ reader: inout JSONReader, _ requestsMax: Int) throws -> [Part] {
    guard try reader.peek() == .array else { throw Malformed.shape }
    try reader.beginArray()
    var parts: [Part] = []
    while try reader.nextElement() {
      guard parts.count < requestsMax else { throw Malformed.tooMany }
      parts.append(try part(&reader))
    }
    return parts
  }

  /// Unknown members are ignored, as on Graph.
  private static func part(_ reader: inout JSONReader) throws -> Part {
    guard try reader.peek() == .object else { throw Malformed.shape }
    try reader.beginObject()
    var id: String?
    var method: String?
    var url: String?
    var group: String?
    var headers = HTTPHeaders()
    var body: [UInt8]?
    var dependsOn: [String] = []
    var known = MemberNames()
    while let name = try reader.nextName(notAmong: &known) {
      switch name.string {
      case "id": id = try text(&reader, "id")
      case "method": method = try text(&reader, "method")
      case "url": url = try text(&reader, "url")
      case "atomicityGroup": group = try text(&reader, "atomicityGroup")
      case "headers": headers = try self.headers(&reader)
      case "body": body = try reader.peek() == .null ? skipped(&reader) : try reader.readRawValue()
      // The Python SDK writes the second name.
      case "dependsOn", "depends_on": dependsOn += try names(&reader)
      default: try reader.skipValue()
      }
    }
    guard let id, !id.isEmpty else { throw Malformed.member("id") }
    guard let method, isToken(method) else { throw Malformed.member("method") }
    guard let url else { throw Malformed.member("url") }
    return Part(
      id: id, method: method.uppercased(), url: url, headers: headers, body: body, dependsOn: dependsOn, group: group)
  }

  private static func skipped(_ reader: inout JSONReader) throws -> [UInt8]? {
    try reader.skipValue()
    return nil
  }

  private static func text(_ reader: inout JSONReader, _ member: String) throws -> String? {
    switch try reader.peek() {
    case .string: return try reader.readString().string
    case .null:
      try reader.readNull()
      return nil
    case .object, .array, .number, .boolean: throw Malformed.member(member)
    }
  }

  private static func names(_ reader: inout JSONReader) throws -> [String] {
    switch try reader.peek() {
    case .null:
      try reader.readNull()
      return []
    case .string: return [try reader.readString().string.lowercased()]
    case .array:
      try reader.beginArray()
      var names: [String] = []
      while try reader.nextElement() {
        guard try reader.peek() == .string else { throw Malformed.member("dependsOn") }
        names.append(try reader.readString().string.lowercased())
      }
      return names
    case .object, .number, .boolean: throw Malformed.member("dependsOn")
    }
  }

  private static func headers(_ reader: inout JSONReader) throws -> HTTPHeaders {
    guard try reader.peek() != .null else {
      try reader.readNull()
      return [:]
    }
    guard try reader.peek() == .object else { throw Malformed.member("headers") }
    try reader.beginObject()
    var headers = HTTPHeaders()
    var known = MemberNames()
    while let field = try reader.nextName(notAmong: &known)?.string {
      guard known.count <= Limits.headerCountMax, isToken(field) else { throw Malformed.member("headers") }
      switch try reader.peek() {
      case .string:
        let value = try reader.readString().string
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
          throw Malformed.member("headers")
        }
        headers.add(name: field, value: value)
      case .null: try reader.readNull()
      case .object, .array, .number, .boolean: throw Malformed.member("headers")
      }
    }
    try RequestHeadFields.checkSingletonFields(headers)
    return headers
  }

  /// Whether a text is a token (RFC 9110 section 5.6.2), as methods and field names are.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: tokenMarks.contains(byte)
        }
      }
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)

  // MARK: Ids, groups and dependencies

  /// Throws `GraphError.malformedBatch` unless ids are unique (case-insensitively), the requests of a group are
  /// adjacent, and dependencies name earlier requests or groups.
  private func checkOrder() throws(GraphError) {
    var known: Set<String> = []
    var closedGroups: Set<String> = []
    var openGroup: String?
    for part in parts {
      let group = part.group?.lowercased()
      if group != openGroup {
        if let openGroup { closedGroups.insert(openGroup) }
        openGroup = group
      }
      if let group, closedGroups.contains(group) {
        throw .malformedBatch("The requests of one atomicityGroup must stand together.")
      }
      for dependency in part.dependsOn where !known.contains(dependency) && !closedGroups.contains(dependency) {
        throw .malformedBatch("Invalid dependency for request Id: dependsOn must name earlier requests or groups.")
      }
      guard known.insert(part.id.lowercased()).inserted else {
        throw .malformedBatch("Two requests have the same id, compared without case. Give each its own.")
      }
    }
    let groups = closedGroups.union([openGroup].compactMap { $0 })
    guard groups.isDisjoint(with: known) else {
      throw .malformedBatch("An atomicityGroup has the id of a request. Give it another name.")
    }
  }
}

extension GraphError {
  /// The batch as a whole is refused, and none of its requests is performed.
  static func malformedBatch(_ message: String) -> GraphError {
    GraphError(status: .badRequest, code: .badRequest, message: message)
  }

  /// A batch within a batch.
  static let nestedBatch = GraphError(
    status: .badRequest, code: .badRequest, message: "A batch cannot hold another batch. Send its requests in this one."
  )

  /// A request that was not performed because another one failed (OData JSON 4.01 section 19).
  static let failedDependency = GraphError(
    status: .failedDependency, code: .failedDependency,
    message:
      "A request that this one depends on, or that is of the same atomicityGroup, failed. Nothing was changed by "
      + "this one.")

  /// The responses of a batch have reached their bound.
  static let batchAnswerTooLarge = GraphError(
    status: .insufficientStorage, code: .batchAnswerTooLarge,
    message: "The answers of the batch hold \(Limits.batchAnswerBytesMax) bytes already. Send this request on its own.")
}
