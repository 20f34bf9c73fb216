import NIOHTTP1

/// What a client prefers, from any number of `Prefer` fields (RFC 7240). Unknown and malformed ones are ignored.
struct Preferences: Equatable {
  /// What a write answers.
  enum Return: String {
    case minimal
    case representation
  }

  /// nil when nothing was asked for.
  private(set) var returning: Return?

  init(_ headers: HTTPHeaders) {
    for preference in headers[canonicalForm: "Prefer"] {
      let parts = preference.split(separator: ";").first?.split(separator: "=", maxSplits: 1) ?? []
      guard parts.count == 2, Self.trimmed(parts[0]) == "return", returning == nil else { continue }
      let value = Self.trimmed(parts[1]).filter { $0 != "\"" }
      returning = Return(rawValue: value)
    }
  }

  /// The value of `Preference-Applied`, or nil when nothing was asked for.
  var applied: String? { returning.map { "return=\($0.rawValue)" } }

  private static func trimmed(_ text: Substring) -> String {
    text.filter { $0 != " " && $0 != "\t" }.lowercased()
  }
}
