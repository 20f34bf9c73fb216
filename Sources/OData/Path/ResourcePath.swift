/// The resource that a request path names (OData URL Conventions 4.01 section 4).
///
/// Dispatch depends on this value alone, so every root, every key form and every declared type takes the same code
/// path.
public struct ResourcePath: Sendable {
  /// The first segment of every path: the version of the API.
  public enum ServiceVersion: String, Sendable {
    /// `/beta`.
    case beta
    /// `/v1.0`.
    case v1 = "v1.0"
  }

  /// A key from a path, percent-decoded and without quotes (OData URL Conventions 4.01 sections 4.3.5 and 4.3.6).
  public struct Key: Equatable, Sendable {
    /// The name of an alternate key; nil for the primary key.
    public let name: String?
    /// The value, which is not empty.
    public let value: String

    /// A key with its value; `name` is nil for the primary key.
    public init(name: String? = nil, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One step from the root to the resource.
  public enum Step: Sendable {
    /// A navigation property.
    case navigation(NavigationProperty)
    /// The key of one entity of the collection before it.
    case key(Key)
    /// A system segment in lower case, with its dollar sign: `$count`, `$value`, `$ref`, `$filter`, `$each` or
    /// `$query`.
    case system(String)
    /// A structural property.
    case property(Property)
    /// A cast to a type, which is the declared one or derived from it (OData URL Conventions 4.01 section 4.11).
    case cast(StructuredType)
    /// A bound action (OData URL Conventions 4.01 section 4.5).
    case action(Action)
  }

  /// The version of the API.
  public let version: ServiceVersion
  /// The entity set or singleton that the path begins with.
  public let root: EntityModel.Root
  /// The key of one entity of the root's set; nil for the whole set, and for a singleton.
  public let key: Key?
  /// The steps from the root to the resource; empty when it is the root itself.
  public let steps: [Step]
}

/// Why a path names no resource.
public enum PathError: Error, Equatable, Sendable {
  /// The path does not begin with an API version. Another route of the server may answer it.
  case notOfTheService
  /// A percent-encoding is broken, or what it encodes is not UTF-8 without control characters.
  case malformedEncoding
  /// OData defines this segment, and this server does not support it.
  case notOffered(String)
  /// The published service has a resource, an action or a function of this name here, and this server does not.
  case unoffered(String)
  /// No resource has this name here.
  case unknownSegment(String)
  /// The key in parentheses after this segment does not follow the grammar.
  case malformedKey(segment: String)
  /// The type has no key with this name.
  case unknownKey(String)

  /// The message for the client: what is wrong, and how to remedy it.
  public var message: String {
    switch self {
    case .notOfTheService: "The path must begin with /beta or /v1.0."
    case .malformedEncoding:
      "A segment of the path could not be read: behind each % stand two hexadecimal digits, and what is encoded is UTF-8 "
        + "without control characters. Encode each segment once."
    case .notOffered(let name): "'\(name)' is part of OData, but not offered by this version of the server."
    case .unoffered(let name): "'\(name)' is part of Microsoft Graph, but not offered by this version of the server."
    case .unknownSegment(let name): "Resource not found for the segment '\(name)'."
    case .malformedKey(let segment):
      "The key after '\(segment)' is malformed. Write it as a segment of its own or as ('key')."
    case .unknownKey(let name): "There is no key named '\(name)' here."
    }
  }
}
