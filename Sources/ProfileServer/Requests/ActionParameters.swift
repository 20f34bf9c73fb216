import NIOHTTP1
import OData
import Profiles

/// The parameters of an action, as its body holds them (OData JSON 4.01 section 18).
struct ActionParameters {
  private enum Parameter {
    case text(String)
    case flag(Bool)
    case texts([String])
  }

  private let values: [String: Parameter]

  /// Reads a body. Annotations are ignored, and null stands for a parameter that is not sent. Throws the error of JSON
  /// that is malformed, of a parameter that the action does not have, and of a value of another kind.
  init(_ bytes: UnsafeBufferPointer<UInt8>, of action: Action) throws(GraphError) {
    do {
      values = try Self.read(bytes, action)
    } catch let error as JSONError {
      throw GraphError(BodyError.malformed(error))
    } catch let error as GraphError {
      throw error
    } catch {
      throw GraphError(BodyError.notAnObject)
    }
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ action: Action) throws -> [String: Parameter] {
    var reader = JSONReader(bytes, dialect: .graph)
    var known = MemberNames()
    var values: [String: Parameter] = [:]
    try reader.skipByteOrderMark()
    guard try reader.peek() == .object else { throw GraphError(BodyError.notAnObject) }
    try reader.beginObject()
    while let name = try reader.nextName(notAmong: &known) {
      let text = name.string
      if text.utf8.contains(UInt8(ascii: "@")) {
        try reader.skipValue()
        continue
      }
      // Clients write names in the case of their language.
      guard let declared = action.parameters.first(where: { $0.name.isSameName(as: text) })?.name else {
        throw GraphError(parameter: nil, of: action)
      }
      guard values[declared] == nil else { throw JSONError(.duplicateMember, at: name.offset) }
      values[declared] = try value(&reader, declared, action)
    }
    try reader.finish()
    return values
  }

  private static func value(_ reader: inout JSONReader, _ name: String, _ action: Action) throws -> Parameter? {
    switch try reader.peek() {
    case .null:
      try reader.readNull()
      return nil
    case .string: return .text(try reader.readString().string)
    case .boolean: return .flag(try reader.readBool())
    case .array:
      var texts: [String] = []
      try reader.beginArray()
      while try reader.nextElement() {
        guard try reader.peek() == .string else { throw GraphError(parameter: name, of: action) }
        texts.append(try reader.readString().string)
      }
      return .texts(texts)
    case .object, .number: throw GraphError(parameter: name, of: action)
    }
  }

  /// A text; nil when it is not sent. Throws when the value is another one.
  func text(_ name: String) throws(GraphError) -> String? {
    switch values[name] {
    case nil: nil
    case .text(let text): text
    case .flag, .texts: throw GraphError(malformedParameter: name, "a string")
    }
  }

  /// True or false; nil when it is not sent. Throws when the value is another one.
  func flag(_ name: String) throws(GraphError) -> Bool? {
    switch values[name] {
    case nil: nil
    case .flag(let flag): flag
    case .text, .texts: throw GraphError(malformedParameter: name, "true or false")
    }
  }

  /// Texts; nil when they are not sent. Throws when the value is another one.
  func texts(_ name: String) throws(GraphError) -> [String]? {
    switch values[name] {
    case nil: nil
    case .texts(let texts): texts
    case .text, .flag: throw GraphError(malformedParameter: name, "an array of strings")
    }
  }

  /// Ids, each once, of which there must be some. Throws when there are none or more than `countMax`.
  func ids(_ name: String, countMax: Int) throws(GraphError) -> [String] {
    guard let ids = try texts(name), !ids.isEmpty else { throw GraphError(malformedParameter: name, "an array of ids") }
    guard ids.count <= countMax else { throw GraphError(tooMany: name, countMax) }
    var known: Set<[UInt8]> = []
    return ids.filter { known.insert(Array($0.utf8)).inserted }
  }
}

extension GraphError {
  /// A member of the body that is no parameter of the action, or not of its kind.
  fileprivate init(parameter name: String?, of action: Action) {
    let names = action.parameters.map(\.name).joined(separator: ", ")
    self.init(
      status: .badRequest, code: .badRequest,
      message: "The body of '\(action.name)' is one JSON object with these parameters: \(names).", target: name)
  }

  /// A parameter of another kind.
  fileprivate init(malformedParameter name: String, _ expected: String) {
    self.init(status: .badRequest, code: .requestBadRequest, message: "'\(name)' must be \(expected).", target: name)
  }

  /// More ids than one request may hold.
  fileprivate init(tooMany name: String, _ countMax: Int) {
    self.init(
      status: .badRequest, code: .requestBadRequest,
      message: "'\(name)' holds at most \(countMax) ids. Send the others with further requests.", target: name)
  }
}
