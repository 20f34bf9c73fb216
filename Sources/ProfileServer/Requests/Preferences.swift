import NIOHTTP1
import OData

/// What a client prefers, from any number of `Prefer` fields (RFC 7240). Unknown and malformed ones are ignored.
struct Preferences: Equatable {
  /// What a write answers.
  enum Return: String {
    case minimal
    case representation
  }

  /// nil when nothing was asked for.
  private(set) var returning: Return?
  /// `maxpagesize` (OData 4.01 part 1, 8.2.8.5): most entities of a page; nil unless it is one or more.
  var maxPageSize: Int? { plainPageSize ?? prefixedPageSize }
  /// Whether an update may create what is not there, as Graph's guideline on upserts names it.
  private(set) var createsIfMissing = false

  private var plainPageSize: Int?
  /// The name of OData 4.0, which yields to the plain one.
  private var prefixedPageSize: Int?

  init(_ headers: HTTPHeaders) {
    let fields = headers["Prefer"]
    guard !fields.isEmpty else { return }
    // Graph's guideline also joins two preferences by a semicolon, which would make the second a parameter.
    for element in FieldList.readable(fields) {
      for preference in FieldList.split(element, at: UInt8(ascii: ";")) ?? [] { take(preference) }
    }
  }

  /// Takes one preference; the first of a name counts (RFC 7240 section 2).
  private mutating func take(_ preference: Substring) {
    let parts = preference.split(separator: "=", maxSplits: 1).map(FieldList.trimmed)
    guard let name = parts.first?.lowercased() else { return }
    // A value that cannot be read is ignored with its preference.
    guard let value = parts.count == 2 ? FieldList.value(parts[1])?.lowercased() : "" else { return }
    switch name {
    case "return": returning = returning ?? Return(rawValue: value)
    case "maxpagesize": plainPageSize = plainPageSize ?? Self.size(value)
    case "odata.maxpagesize": prefixedPageSize = prefixedPageSize ?? Self.size(value)
    case "create-if-missing": createsIfMissing = true
    default: break
    }
  }

  /// What a write says in `Preference-Applied`, one that `mayCreate` what is missing or another; nil when nothing was
  /// asked for that it follows.
  func applied(mayCreate: Bool) -> String? {
    let names = [
      createsIfMissing && mayCreate ? "create-if-missing" : nil, returning.map { "return=\($0.rawValue)" },
    ]
    let applied = names.compactMap { $0 }.joined(separator: ", ")
    return applied.isEmpty ? nil : applied
  }

  private static func size(_ value: String) -> Int? { Int(value).flatMap { $0 > 0 ? $0 : nil } }
}
