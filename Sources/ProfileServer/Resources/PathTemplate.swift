import OData

/// The template of a resource's path below the service version, such as
/// `/users/{user-id}/profile/{collection}/{item-id}`.
struct PathTemplate: Sendable {
  /// A key in a path. The raw value is its name in the OpenAPI document.
  enum Key: String, Sendable {
    case setting = "setting-id"
    case user = "user-id"
    case item = "item-id"
    case group = "group-id"
    case member = "member-id"
    case owner = "owner-id"
    case object = "object-id"
    case organization = "organization-id"
    case domain = "domain-id"
    case photoSize = "photo-size"

    /// The name in metric labels and logs.
    fileprivate var label: String {
      switch self {
      case .user, .group, .object, .organization, .domain, .setting: "id"
      case .item: "itemId"
      case .member, .owner: "userId"
      case .photoSize: "size"
      }
    }

    /// The description in the OpenAPI document.
    var documentation: String {
      switch self {
      case .setting: "The id of a setting."
      case .user: "The id or the user principal name of a person."
      case .item: "The id of an item."
      case .group: "The id of a group."
      case .member: "The id of a member."
      case .owner: "The id of an owner."
      case .object: "The id of a directory object."
      case .organization: "The id of an organisation, which is that of its tenant."
      case .domain: "The name of a domain."
      case .photoSize: "A size of a photo, such as 48x48."
      }
    }
  }

  /// One segment of a template.
  enum Segment: Equatable, Sendable {
    /// An entity set or a navigation property.
    case name(String)
    case key(Key)
    /// The name of a collection of a profile.
    case collection
    /// The name of a property, or a path of properties.
    case property
    /// A segment such as `$count`.
    case system(String)
  }

  /// The template as text.
  let text: String
  /// The segments of the path.
  let segments: [Segment]

  /// Parses a template. An invalid one is a programming error in `ResourceTable` and traps.
  init(_ text: String) {
    self.text = text
    segments = text.split(separator: "/").map { Self.segment(String($0)) }
  }

  private static func segment(_ text: String) -> Segment {
    guard text.hasPrefix("{") else { return text.hasPrefix("$") ? .system(text) : .name(text) }
    let name = String(text.dropFirst().dropLast())
    switch name {
    case "collection": return .collection
    case "property": return .property
    case let name:
      guard let key = Key(rawValue: name) else { preconditionFailure("No path has a key \(name).") }
      return .key(key)
    }
  }

  /// The keys in the path, in order.
  var keys: [Key] {
    segments.compactMap { if case .key(let key) = $0 { key } else { nil } }
  }

  /// Whether the template stands for a path of each collection of a profile.
  var isOfCollection: Bool { segments.contains(.collection) }

  /// Whether the path ends with a key, so that it names an entity.
  var namesEntity: Bool { if case .key = segments.last { true } else { false } }

  /// The service versions that have the path: `/v1.0` has no profile.
  var versions: [ResourcePath.ServiceVersion] { segments.contains(.name("profile")) ? [.beta] : [.beta, .v1] }

  /// The path below `/me`; nil when the path is not below a user.
  var belowMe: String? {
    guard segments.dropFirst().first == .key(.user) else { return nil }
    return "/me" + text.split(separator: "/").dropFirst(2).map { "/\($0)" }.joined()
  }

  /// The label in metrics and logs, which contains no personal data.
  var label: String {
    segments.map { segment in
      switch segment {
      case .name(let name), .system(let name): "/\(name)"
      case .key(let key): "/{\(key.label)}"
      case .collection: "/{collection}"
      case .property: "/{property}"
      }
    }.joined()
  }
}
