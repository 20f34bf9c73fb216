import Foundation
import OData
import Profiles

/// One request of the published reference, with the response that the page shows.
struct PublishedExample {
  enum Kind: String, CaseIterable {
    case create, update, delete, get, list, profile
  }

  /// The name of its file, without extension.
  let name: String
  let method: String
  /// The published path, with a version and real ids.
  let path: String
  let headers: [String: String]
  /// The published body: byte for byte where it is not JSON, otherwise as JSON.
  let bodyText: String?
  /// The members that the body sets.
  let sent: [String: Any]
  let status: Int
  /// The response that the page shows; nil when it shows none.
  let answer: [String: Any]?
  let kind: Kind
  /// The collection that the path names; nil for the profile itself.
  let collection: NavigationProperty?

  /// Placeholder ids in published paths.
  private static let itemPlaceholders = ["{id}", "{itemPhoneId}"]
  private static let userPlaceholder = "{userId}"

  /// The sender: one person for each kind of example, so that examples do not interfere.
  static func userID(_ kind: Kind, _ name: String) -> String {
    kind == .profile ? "example-\(name)" : "example-\(kind.rawValue)"
  }

  var userID: String { Self.userID(kind, name) }

  /// The id of the item that the path names.
  var itemID: String? { kind == .create || kind == .list || kind == .profile ? nil : Self.itemID(answer) }

  private static let anyItemID = "0fb4c1e3-c1e3-0fb4-e3c1-b40fe3c1b40f"

  private static func itemID(_ answer: [String: Any]?) -> String { answer?["id"] as? String ?? anyItemID }

  init?(_ url: URL) throws {
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
    guard let request = json?["request"] as? [String: Any], let response = json?["response"] as? [String: Any],
      let method = request["method"] as? String, let path = request["path"] as? String,
      let status = response["status"] as? Int
    else { return nil }
    name = url.deletingPathExtension().lastPathComponent
    self.method = method
    self.status = status
    answer = response["body"] as? [String: Any]
    let segments = path.split(separator: "/").map(String.init)
    collection = segments.lazy.compactMap { ProfileModel.collection(named: $0) }.first
    let namesItem = segments.last.flatMap { ProfileModel.collection(named: $0) } == nil
    kind = Self.kind(method, hasCollection: collection != nil, namesItem: namesItem)
    self.path = Self.path(segments, item: Self.itemID(answer), user: Self.userID(kind, name))
    (bodyText, sent) = Self.body(request)
    headers = Self.headers(request["headers"] as? [String: String] ?? [:])
  }

  private static func kind(_ method: String, hasCollection: Bool, namesItem: Bool) -> Kind {
    guard hasCollection else { return .profile }
    switch method {
    case "POST": return .create
    case "PATCH": return .update
    case "DELETE": return .delete
    default: return namesItem ? .get : .list
    }
  }

  private static func path(_ segments: [String], item: String, user: String) -> String {
    // One page omits the host and the version.
    let segments = segments.first == "beta" ? segments : ["beta"] + segments
    return segments.reduce(into: "") { path, segment in
      let isItem = itemPlaceholders.contains(segment)
      path += "/" + (isItem ? item : segment == userPlaceholder ? user : segment)
    }
  }

  private static func body(_ request: [String: Any]) -> (String?, [String: Any]) {
    if let text = request["bodyText"] as? String {
      // Parsed only to know which members it sets; what is sent is the original text.
      let strict = text.replacing(/,\s*\}/, with: "}")
      let parsed = try? JSONSerialization.jsonObject(with: Data(strict.utf8)) as? [String: Any]
      return (text, parsed ?? [:])
    }
    guard let sent = request["body"] as? [String: Any] else { return (nil, [:]) }
    return (CanonicalJSON(sent).description, sent)
  }

  /// Content-Length is wrong on every page that states it, and senders compute their own.
  private static func headers(_ published: [String: String]) -> [String: String] {
    var headers: [String: String] = [:]
    for (name, value) in published where name.lowercased() != "content-length" {
      headers[name.lowercased() == "content-type" ? "Content-Type" : name] = value
    }
    return headers
  }

  // MARK: Before

  /// The items that must exist before, with their collections: what the response shows, without what the request sets.
  func itemsBefore() -> [(collection: String, item: [String: Any])] {
    guard let collection else { return profileItems() }
    switch kind {
    case .create, .profile: return []
    case .delete: return [(collection.name, ["id": itemID ?? ""])]
    case .get, .update:
      var item = Self.without(sent, Self.withoutPlaceholders(answer ?? [:]))
      // An item always has an audience. A different one than the request sends makes the update visible.
      if let audience = sent["allowedAudiences"] as? String {
        item["allowedAudiences"] = audience == "me" ? "organization" : "me"
      }
      return [(collection.name, item)]
    case .list:
      return (answer?["value"] as? [[String: Any]] ?? []).map { (collection.name, Self.withoutPlaceholders($0)) }
    }
  }

  private func profileItems() -> [(collection: String, item: [String: Any])] {
    (answer ?? [:]).flatMap { name, value in
      guard let collection = ProfileModel.collection(named: name) else { return [(String, [String: Any])]() }
      return (value as? [[String: Any]] ?? []).map { (collection.name, Self.withoutPlaceholders($0)) }
    }
  }

  private static let placeholders: Set = ["Date", "datetime-value"]

  /// Whether a value is a placeholder for a date.
  static func isPlaceholder(_ value: Any?) -> Bool { (value as? String).map(placeholders.contains) ?? false }

  /// The object without members whose value the page does not show, at every depth.
  static func withoutPlaceholders(_ object: [String: Any]) -> [String: Any] {
    object.filter { !isPlaceholder($0.value) }.mapValues { ($0 as? [String: Any]).map(withoutPlaceholders) ?? $0 }
  }

  /// The object without the members that another one sets, at every depth.
  private static func without(_ sent: [String: Any], _ object: [String: Any]) -> [String: Any] {
    var rest = object
    for (name, value) in sent {
      if let value = value as? [String: Any], let inner = object[name] as? [String: Any] {
        rest[name] = without(value, inner)
      } else {
        rest[name] = nil
      }
    }
    return rest
  }
}
