/// Under which names an issuer writes what a caller is made of.
///
/// A name may be a path with `/` or `.` into nested objects. A claim with the whole name wins over a path, since
/// some issuers use URLs as names.
struct ClaimNames: Equatable, Sendable {
  /// The person's key; the first claim that is present counts.
  var objectID: [String] = ["oid", "sub"]
  var tenant = "tid"
  var scopes = "scp"
  var roles = "roles"
  var displayName: [String] = ["name"]
  var principalName: [String] = ["upn", "preferred_username", "unique_name"]

  /// Microsoft Entra's names, of token versions 1.0 and 2.0.
  static let entra = ClaimNames()
}

extension JSONTree {
  /// The claim of this name or path, or nil. JSON null counts as absent.
  func claim(_ name: String) -> JSONTree? {
    if let whole = self[name] { return whole == .null ? nil : whole }
    let steps = name.split(whereSeparator: { $0 == "/" || $0 == "." })
    guard steps.count > 1 else { return nil }
    var value = self
    for step in steps {
      guard let next = value[String(step)] else { return nil }
      value = next
    }
    return value == .null ? nil : value
  }

  /// The first claim of these names that is a string with content.
  func firstText(_ names: [String]) -> String? {
    for name in names {
      if let text = claim(name)?.text, !text.isEmpty { return text }
    }
    return nil
  }
}
