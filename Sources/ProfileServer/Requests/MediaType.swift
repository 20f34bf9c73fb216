import OData

/// A media type with its parameters (RFC 9110 section 8.3.1), names in lower case.
struct MediaType: Equatable {
  let name: String
  let parameters: [String: String]

  /// Reads a header's value; nil when it is malformed.
  init?(_ text: String) {
    // What nearly every request says: no need to take it apart.
    guard text != "application/json" else {
      self.init(name: text, parameters: [:])
      return
    }
    self.init(element: text[...])
  }

  private init(name: String, parameters: [String: String]) {
    self.name = name
    self.parameters = parameters
  }

  /// Reads one element of a list; nil when it is malformed or has a parameter twice.
  init?(element: Substring) {
    guard let parts = FieldList.split(element, at: UInt8(ascii: ";")), let first = parts.first else { return nil }
    name = FieldList.trimmed(first).lowercased()
    guard name.split(separator: "/", omittingEmptySubsequences: false).count == 2 else { return nil }
    var parameters: [String: String] = [:]
    for part in parts.dropFirst().map(FieldList.trimmed) where !part.isEmpty {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let value = FieldList.value(FieldList.trimmed(pair[1])) else { return nil }
      let name = FieldList.trimmed(pair[0]).lowercased()
      guard parameters.updateValue(value, forKey: name) == nil else { return nil }
    }
    self.parameters = parameters
  }

  /// Whether a body of this type is JSON that can be read: RFC 8259 section 8.1 knows UTF-8 only.
  var isJSONInUTF8: Bool {
    guard name == "application/json" else { return false }
    guard let charset = parameters["charset"]?.lowercased() else { return true }
    return charset == "utf-8" || charset == "utf8"
  }
}

extension MediaType {
  /// What a client accepts, with the weight of each (RFC 9110 section 12.5.1). An element that cannot be read is none: it
  /// says nothing of what is offered here.
  static func accepted(_ fields: [String]) -> [(type: MediaType, weight: Double)] {
    FieldList.readable(fields).compactMap { element in
      guard let type = MediaType(element: element), let weight = FieldList.weight(type.parameters["q"]) else {
        return nil
      }
      return (type, weight)
    }
  }
}

extension FieldList {
  /// The elements of a list that a client may send and a server may disregard: of a field whose quotes are not closed,
  /// none.
  static func readable(_ fields: [String]) -> [Substring] {
    fields.flatMap { elements(of: [$0]) ?? [] }
  }

  /// The weight of each name in a list whose elements have no other parameter, such as charsets and codings, by names in
  /// lower case. An element that cannot be read is left out.
  static func weights(_ fields: [String]) -> [String: Double] {
    var weights: [String: Double] = [:]
    for element in readable(fields) {
      let parts = (split(element, at: UInt8(ascii: ";")) ?? []).map { trimmed($0).lowercased() }
      guard let name = parts.first, let weight = weight(parts.dropFirst()) else { continue }
      weights[name] = weight
    }
    return weights
  }

  private static func weight(_ parameters: ArraySlice<String>) -> Double? {
    guard let parameter = parameters.first else { return 1 }
    guard parameters.count == 1, parameter.hasPrefix("q=") else { return nil }
    return weight(String(parameter.dropFirst(2)))
  }

  /// A weight between 0 and 1 with three digits at most, 1 when there is none (RFC 9110 section 12.4.2); nil when it is
  /// malformed.
  static func weight(_ text: String?) -> Double? {
    guard let text else { return 1 }
    let digits = Array(text.utf8)
    guard (1...5).contains(digits.count), digits.count == 1 || digits[1] == UInt8(ascii: "."),
      digits[0] == UInt8(ascii: "0") || digits[0] == UInt8(ascii: "1"),
      digits.dropFirst(2).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let weight = Double(text), weight <= 1
    else { return nil }
    return weight
  }
}
