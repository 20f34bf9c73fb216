/// A resource of the service, as a request's path names it (OData URL Conventions 4.01 section 4).
///
/// Dispatch is by this value alone, so every root, key form and declared type takes the same way.
public struct ResourcePath: Sendable {
  /// The first segment of every path.
  public enum ServiceVersion: String, Sendable {
    case beta
    case v1 = "v1.0"
  }

  /// A key as it was given, percent-decoded, without quotes.
  public struct Key: Equatable, Sendable {
    /// The name of an alternate key, or nil for the key of the type.
    public let name: String?
    public let value: String

    /// A key; `name` is nil for the key of the type.
    public init(name: String? = nil, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One step away from the root.
  public enum Step: Sendable {
    case navigation(NavigationProperty)
    case key(Key)
    /// `$count`, `$value`, `$ref` and whatever else begins with a dollar sign.
    case system(String)
    case property(Property)
  }

  public let version: ServiceVersion
  public let root: EntityModel.Root
  /// The key that follows an entity set, or nil for the whole set and for singletons.
  public let key: Key?
  public let steps: [Step]
}

/// Why a path names no resource.
public enum PathError: Error, Equatable, Sendable {
  /// The path does not begin with a service version: another route may answer it.
  case notOfTheService
  /// A percent-encoding is broken, or the decoded text is not UTF-8 without control characters.
  case malformedEncoding
  /// Nothing is named like this where it stands.
  case unknownSegment(String)
  /// A key in parentheses is not written as OData demands.
  case malformedKey(segment: String)
  /// The key has another name than the type's keys.
  case unknownKey(String)

  /// A sentence for people.
  public var message: String {
    switch self {
    case .notOfTheService: "The path must begin with /beta or /v1.0."
    case .malformedEncoding:
      "A segment of the path could not be read: behind each % stand two hexadecimal digits, and what is encoded is UTF-8 "
        + "without control characters. Encode each segment once."
    case .unknownSegment(let name): "Resource not found for the segment '\(name)'."
    case .malformedKey(let segment):
      "The key after '\(segment)' is malformed. Write it as a segment of its own or as ('key')."
    case .unknownKey(let name): "There is no key named '\(name)' here."
    }
  }
}
