/// The names of the claims that a caller is read from, which differ between issuers.
///
/// A name may be a path into nested objects, separated by `/` or `.`. A claim with the whole name takes precedence over
/// a path, because some issuers use URLs as claim names.
struct ClaimNames: Equatable, Sendable {
  /// The id of the person; the first claim that is present is used.
  var objectID: [String] = ["oid", "sub"]
  var tenant = "tid"
  var scopes = "scp"
  var roles = "roles"
  var displayName: [String] = ["name"]
  var principalName: [String] = ["upn", "preferred_username", "unique_name"]

  /// The names that Microsoft Entra uses in tokens of versions 1.0 and 2.0.
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
