import OData

/// A media type with its parameters (RFC 9110 section 8.3.1). Names are in lower case.
struct MediaType: Equatable {
  /// Type and subtype, such as `application/json`.
  let name: String
  /// The values of the parameters by name.
  let parameters: [String: String]

  /// Parses the value of a field; nil when it is malformed.
  init?(_ text: String) {
    // The common value needs no parsing.
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

  /// Parses an element of a list; nil when it is malformed or has a parameter twice.
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

  /// Whether the type is JSON in UTF-8, the only encoding of RFC 8259 section 8.1.
  var isJSONInUTF8: Bool {
    guard name == "application/json" else { return false }
    guard let charset = parameters["charset"]?.lowercased() else { return true }
    return charset == "utf-8" || charset == "utf8"
  }
}

extension MediaType {
  /// The media ranges of `Accept` with their weights (RFC 9110 section 12.5.1). Malformed elements are ignored.
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
  /// The elements of an optional list (RFC 9110 section 5.6.1). A field with an unclosed quoted string has none.
  static func readable(_ fields: [String]) -> [Substring] {
    fields.flatMap { elements(of: [$0]) ?? [] }
  }

  /// The weights of a list whose elements have no other parameter, such as charsets and codings, by name in lower case.
  /// Malformed elements are ignored.
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

  /// A weight from 0 to 1 with at most three decimals, 1 when `text` is nil (RFC 9110 section 12.4.2); nil when it is
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
