import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// Every request of the published reference, sent to a running server and answered as the page shows.
@Suite("Published examples")
struct PublishedExamplesTests {
  /// Members whose published value differs from ours, by file or kind and path, with the reason.
  private static let excluded: [String: String] = [
    "profile-post-skills proficiency": "the page sends one level and shows another",
    "profile-post-patents allowedAudiences": "the page shows me, where 17 others show organization when none is sent",
    "profile-post-accounts ageGroup": "only the directory knows it",
    "profile-post-accounts userPrincipalName": "only the directory knows it",
    "profile-get id": "the live service answers the constant profileId, and so does this one",
    "create id": "the server makes it",
    "create createdDateTime": "the moment of the request",
    "create createdBy/user/id": "whoever sends it",
    "create lastModifiedDateTime": "the moment of the request",
    "create lastModifiedBy/user/id": "whoever sends it",
    "update lastModifiedDateTime": "the moment of the request; most pages forget it",
    "update lastModifiedBy/user/id": "whoever sends it",
    "itemphone-update.wire-2020-04 lastModifiedBy/application": "the page forgets who updated it",
    "itemphone-update.wire-2020-04 lastModifiedBy/user": "the page forgets who updated it",
  ]

  /// Requests with a placeholder for a date. As published they are refused; without the placeholder they work.
  private static let placeholdersSent: Set = ["profile-post-educationalactivities"]

  private struct Missing: Error, CustomStringConvertible {
    let description = "CI must have ../shared beside the checkout, and contract/examples is not there."
  }

  /// All examples; empty on a machine without the folder, which is a failure in CI.
  private static func examples() throws -> [PublishedExample] {
    let folder = PackageFiles.root.deletingLastPathComponent().appending(path: "shared/contract/examples")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      guard ProcessInfo.processInfo.environment["CI"] == nil else { throw Missing() }
      print("NOT CHECKED: ../shared/contract/examples is not on this machine.")
      return []
    }
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let names = files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    let examples = try names.compactMap(PublishedExample.init)
    try #require(examples.count == names.count && examples.count >= 70, "an example could not be read")
    return examples
  }

  /// The people who send the examples, and the items they have before.
  private static func directory(_ examples: [PublishedExample]) -> String {
    let people = Set(examples.map(\.userID)).sorted().map { id -> String in
      let user = ["id": id, "displayName": "Innocenty Popov", "userPrincipalName": "\(id)@contoso.example"]
      return CanonicalJSON(["user": user]).description
    }
    let items = examples.flatMap { example in
      example.itemsBefore().map { collection, item -> String in
        CanonicalJSON(["userId": example.userID, "collection": collection, "item": item] as [String: Any]).description
      }
    }
    return (people + items).joined(separator: "\n") + "\n"
  }

  @Test("Every published request is answered as its page shows")
  func everyExample() async throws {
    let examples = try Self.examples()
    guard !examples.isEmpty else { return }
    let data = try FacetProcess.temporaryFolder()
    let imported = try await FacetProcess.run(["import", "--data", data.path], input: Self.directory(examples))
    try #require(imported.status == 0, "\(imported.errors)")
    let facet = try await FacetProcess.start(data: data, demo: false)
    var replay = PublishedReplay(probe: facet.probe)
    do {
      for id in Set(examples.map(\.userID)) { replay.tokens[id] = try await facet.token(user: id) }
      for example in examples {
        if Self.placeholdersSent.contains(example.name) { try await replay.refusesPlaceholders(example) }
        try await replay.run(example)
      }
    } catch {
      try await facet.stop()
      throw error
    }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
    #expect(replay.ran == examples.count)
    let unexpected = replay.differences.filter { !$0.names.contains { Self.excluded[$0] != nil } }
    #expect(unexpected.isEmpty, "\(unexpected.map(\.description).joined(separator: "\n"))")
    let found = Set(replay.differences.flatMap(\.names))
    let stale = Self.excluded.keys.filter { !found.contains($0) }
    #expect(stale.isEmpty, "these no longer differ and need no exclusion")
  }

  @Test("There are examples of every kind, with trailing commas as published, and every exclusion matches one")
  func tables() throws {
    let examples = try Self.examples()
    guard !examples.isEmpty else { return }
    #expect(Set(examples.map(\.kind)) == Set(PublishedExample.Kind.allCases))
    #expect(examples.count { $0.bodyText?.contains(/,\s*\}/) == true } >= 5)
    let names = Set(examples.map(\.name)).union(PublishedExample.Kind.allCases.map(\.rawValue))
    for key in Self.excluded.keys { #expect(names.contains(String(key.prefix { $0 != " " })), "\(key)") }
    #expect(Self.placeholdersSent.isSubset(of: names))
  }

  @Test("docs/compatibility.md names exactly the collections without a published request")
  func coverage() throws {
    let examples = try Self.examples()
    guard !examples.isEmpty else { return }
    let shown = Set(examples.compactMap { $0.collection?.name })
    let missing = ProfileModel.collections.map(\.name).filter { !shown.contains($0) && $0 != Relationship.collection }
    let page = try PackageFiles.text(of: "docs/compatibility.md").replacing("\n", with: " ")
    let found = page.firstMatch(of: /all collections but [a-z]+: of (.+?) no request is at hand/)
    let sentence = try #require(found).output.1
    #expect(sentence.matches(of: /`([A-Za-z]+)`/).map { String($0.output.1) } == missing.sorted())
  }
}

/// Sends examples and records where responses differ from the published ones.
private struct PublishedReplay {
  /// One member that differs from the published response.
  struct Difference: CustomStringConvertible {
    let example: String
    let kind: PublishedExample.Kind
    let path: String
    let reason: String

    /// The names by which an exclusion may match it.
    var names: [String] { ["\(example) \(path)", "\(kind.rawValue) \(path)"] }
    var description: String { "\(example) \(path): \(reason)" }
  }

  let probe: HTTPProbe
  var tokens: [String: String] = [:]
  private(set) var ran = 0
  private(set) var differences: [Difference] = []

  init(probe: HTTPProbe) { self.probe = probe }

  mutating func run(_ example: PublishedExample) async throws {
    let hasPlaceholder =
      CanonicalJSON(example.sent) != CanonicalJSON(PublishedExample.withoutPlaceholders(example.sent))
    let sent = PublishedExample.withoutPlaceholders(example.sent)
    let body = hasPlaceholder ? CanonicalJSON(sent).description : example.bodyText
    let tag = example.kind == .update ? try await tag(of: example) : nil
    let answer = try await send(example, body)
    ran += 1
    guard answer.status == example.status else {
      return note(example, "status", "\(answer.status), not \(example.status): \(answer.text)")
    }
    if example.kind == .update, answer.header("ETag") == tag { note(example, "", "the update changes nothing") }
    compare(example, answer.json)
    try await readBack(example, answer)
  }

  /// A request that sends the placeholder "Date" for a date, as published, is refused by name.
  func refusesPlaceholders(_ example: PublishedExample) async throws {
    let refused = try await send(example, example.bodyText)
    #expect(refused.status == 400, "\(example.name)")
    let target = (refused.json["error"] as? [String: Any])?["target"] as? String
    #expect(PublishedExample.isPlaceholder(target.flatMap { example.sent[$0] }), "\(example.name)")
  }

  private func tag(of example: PublishedExample) async throws -> String? {
    try await probe.request("GET", example.path, token: tokens[example.userID]).header("ETag")
  }

  private func send(_ example: PublishedExample, _ body: String?) async throws -> HTTPAnswer {
    try await probe.request(
      example.method, example.path, token: tokens[example.userID], headers: example.headers, body: body)
  }

  /// Reads back what was written; a deleted item is gone.
  private mutating func readBack(_ example: PublishedExample, _ answer: HTTPAnswer) async throws {
    let id = answer.json["id"] as? String ?? ""
    let path = example.kind == .create ? "\(example.path)/\(id)" : example.path
    let read = try await probe.request("GET", path, token: tokens[example.userID])
    switch example.kind {
    case .create, .update, .get, .list:
      if read.body != answer.body { note(example, "", "is read back as \(read.text)") }
    case .delete:
      if read.status != 404 { note(example, "", "is still there: \(read.status)") }
    case .profile:
      if example.method == "DELETE", CanonicalJSON(read.json["phones"]) != CanonicalJSON([Any]()) {
        note(example, "phones", "are still there")
      }
    }
  }

  // MARK: Comparing

  private mutating func compare(_ example: PublishedExample, _ ours: [String: Any]) {
    guard let published = example.answer else { return }
    guard example.kind == .list else {
      return compare(example, published, ours, example.collection?.target ?? ProfileModel.profile, "")
    }
    compareItems(example, published["value"], ours["value"], example.collection, "value")
  }

  private mutating func compareItems(
    _ example: PublishedExample, _ published: Any?, _ ours: Any?, _ collection: NavigationProperty?, _ path: String
  ) {
    guard let published = published as? [[String: Any]], let ours = ours as? [[String: Any]],
      published.count == ours.count, let type = collection?.target
    else { return note(example, path, "not the same number of items") }
    for theirs in published {
      let mine = ours.first { $0["id"] as? String == theirs["id"] as? String }
      compare(example, theirs, mine ?? [:], type, path + "/")
    }
  }

  /// Compares every member that the page shows. Others are ignored, since published responses may be shortened.
  private mutating func compare(
    _ example: PublishedExample, _ published: [String: Any], _ ours: [String: Any], _ type: StructuredType,
    _ prefix: String
  ) {
    for (name, value) in published where !PublishedExample.isPlaceholder(value) && !name.hasSuffix("odata.context") {
      let path = prefix + name
      if type === ProfileModel.profile, let collection = ProfileModel.collection(named: name) {
        compareItems(example, value, ours[collection.name], collection, path)
      } else if let value = value as? [String: Any], let mine = ours[name] as? [String: Any],
        case .complex(let complex)? = type.property(named: name)?.type
      {
        compare(example, value, mine, complex, path + "/")
      } else if value is NSNull, ours[name] == nil, type.showsOnlySetMembers {
        continue
      } else if CanonicalJSON(value) != CanonicalJSON(ours[name]) {
        note(example, path, "\(CanonicalJSON(ours[name])), not \(CanonicalJSON(value))")
      }
    }
  }

  private mutating func note(_ example: PublishedExample, _ path: String, _ reason: String) {
    differences.append(Difference(example: example.name, kind: example.kind, path: path, reason: reason))
  }
}
