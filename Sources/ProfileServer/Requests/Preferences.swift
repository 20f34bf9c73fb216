import NIOHTTP1
import OData

/// The preferences of the `Prefer` fields (RFC 7240). Unknown and malformed ones are ignored.
struct Preferences: Equatable {
  /// The preferred content of the response to a write (RFC 7240 section 4.2).
  enum Return: String {
    case minimal
    case representation
  }

  /// The preference `return`; nil when there is none.
  private(set) var returning: Return?
  /// The preference `maxpagesize` (OData 4.01 part 1, 8.2.8.5): most entities of a page, at least 1; nil when there is
  /// none.
  var maxPageSize: Int? { plainPageSize ?? prefixedPageSize }
  /// The preference `create-if-missing` of Graph's guideline on upserts: an update creates an entity that does not
  /// exist.
  private(set) var createsIfMissing = false

  private var plainPageSize: Int?
  /// `odata.maxpagesize`, the name in OData 4.0; the one without the prefix overrides it.
  private var prefixedPageSize: Int?

  /// Parses the `Prefer` fields of a request.
  init(_ headers: RequestFields) {
    let fields = headers["Prefer"]
    guard !fields.isEmpty else { return }
    // Graph's guideline also separates preferences by semicolons, although RFC 7240 makes the second one a parameter.
    for element in FieldList.readable(fields) {
      for preference in FieldList.split(element, at: UInt8(ascii: ";")) ?? [] { add(preference) }
    }
  }

  /// Adds a preference; the first one of a name counts (RFC 7240 section 2).
  private mutating func add(_ preference: Substring) {
    let parts = preference.split(separator: "=", maxSplits: 1).map(FieldList.trimmed)
    guard let name = parts.first?.lowercased() else { return }
    // A preference with a malformed value is ignored.
    guard let value = parts.count == 2 ? FieldList.value(parts[1])?.lowercased() : "" else { return }
    switch name {
    case "return": returning = returning ?? Return(rawValue: value)
    case "maxpagesize": plainPageSize = plainPageSize ?? Self.size(value)
    case "odata.maxpagesize": prefixedPageSize = prefixedPageSize ?? Self.size(value)
    case "create-if-missing": createsIfMissing = true
    default: break
    }
  }

  /// The value of `Preference-Applied` in the response to a write (RFC 7240 section 3); nil when no preference was
  /// applied. `mayCreate` says that `create-if-missing` has an effect.
  func applied(mayCreate: Bool) -> String? {
    guard createsIfMissing || returning != nil else { return nil }
    let names = [
      createsIfMissing && mayCreate ? "create-if-missing" : nil, returning.map { "return=\($0.rawValue)" },
    ]
    let applied = names.compactMap { $0 }.joined(separator: ", ")
    return applied.isEmpty ? nil : applied
  }

  private static func size(_ value: String) -> Int? { Int(value).flatMap { $0 > 0 ? $0 : nil } }
}
