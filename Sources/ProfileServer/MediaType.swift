/// A media type with its parameters (RFC 9110 section 8.3.1), names in lower case.
struct MediaType: Equatable {
  let name: String
  let parameters: [String: String]

  /// Reads a header's value; nil when it is malformed.
  init?(_ text: String) {
    // What nearly every request says: no need to take it apart.
    guard text != "application/json" else {
      name = text
      parameters = [:]
      return
    }
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    name = Self.trimmed(first).lowercased()
    guard name.split(separator: "/", omittingEmptySubsequences: false).count == 2 else { return nil }
    var parameters: [String: String] = [:]
    for part in parts.dropFirst() where !Self.trimmed(part).isEmpty {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { return nil }
      parameters[Self.trimmed(pair[0]).lowercased()] = Self.trimmed(pair[1]).filter { $0 != "\"" }
    }
    self.parameters = parameters
  }

  /// Whether a body of this type is JSON that can be read: RFC 8259 section 8.1 knows UTF-8 only.
  var isJSONInUTF8: Bool {
    guard name == "application/json" else { return false }
    guard let charset = parameters["charset"]?.lowercased() else { return true }
    return charset == "utf-8" || charset == "utf8"
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }
}
