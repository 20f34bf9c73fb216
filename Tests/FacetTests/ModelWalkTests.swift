import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// Every property of every item type, against a running server. The model is traversed; no type is named.
@Suite("The model over HTTP")
struct ModelWalkTests {
  /// Known differences, by their text, with the reason. There are none.
  private static let exceptions: [String: String] = [:]

  private static let walkersMax = 4

  /// The number of properties of a type, including those of the complex types in it.
  private static func count(_ type: StructuredType) -> Int {
    type.properties.reduce(0) { sum, property in
      guard case .complex(let complex) = property.type else { return sum + 1 }
      return sum + 1 + count(complex)
    }
  }

  private static func userID(_ collection: NavigationProperty) -> String { "walker-of-\(collection.name)" }

  /// One person for each collection, with one item in which everything is set.
  private static func directory() -> String {
    ProfileModel.collections.map { collection in
      let id = userID(collection)
      let person = ["user": ["id": id, "displayName": "Walker", "userPrincipalName": "\(id)@contoso.example"]]
      let item: [String: Any] = ["userId": id, "collection": collection.name, "item": imported(collection)]
      return "\(CanonicalJSON(person))\n\(CanonicalJSON(item))\n"
    }.joined()
  }

  private static func imported(_ collection: NavigationProperty) -> [String: Any] {
    var item = ModelSamples.object(of: collection.target, 0)
    item["id"] = "imported"
    return item
  }

  private static func withWalkers(_ body: (FacetProcess, [String: String]) async throws -> Void) async throws {
    let data = try FacetProcess.temporaryFolder()
    let result = try await FacetProcess.run(["import", "--data", data.path], input: directory())
    try #require(result.status == 0, "\(result.errors)")
    // Collections of one element are shown as collections, so that responses can be compared with what was sent.
    let facet = try await FacetProcess.start(data: data, demo: false, arguments: ["--source-shape", "collection"])
    do {
      var tokens: [String: String] = [:]
      for collection in ProfileModel.collections {
        tokens[collection.name] = try await facet.token(user: userID(collection))
      }
      try await body(facet, tokens)
    } catch {
      try await facet.stop()
      throw error
    }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }

  /// Runs one task for each collection, a few at a time: other tests run beside this one and measure time.
  private static func eachCollection(
    _ work: @escaping @Sendable (NavigationProperty) throws -> ModelWalker.Report
  ) async throws -> [String: ModelWalker.Report] {
    try await withThrowingTaskGroup(of: (String, ModelWalker.Report).self) { group in
      var reports: [String: ModelWalker.Report] = [:]
      for (position, collection) in ProfileModel.collections.enumerated() {
        if position >= walkersMax, let (name, report) = try await group.next() { reports[name] = report }
        group.addTask { (collection.name, try await blocking { try work(collection) }) }
      }
      for try await (name, report) in group { reports[name] = report }
      return reports
    }
  }

  @Test("Every property is created, read, updated, cleared and refused by name; imports set read-only ones too")
  func everyProperty() async throws {
    try await Self.withWalkers { facet, tokens in
      let port = facet.httpPort
      let imports = try await Self.eachCollection { collection in
        try ModelWalker(collection, port: port, token: tokens[collection.name] ?? "")
          .check(imported: Self.imported(collection), id: "imported")
      }
      let walks = try await Self.eachCollection { collection in
        try ModelWalker(collection, port: port, token: tokens[collection.name] ?? "").walk()
      }
      for collection in ProfileModel.collections {
        #expect(imports[collection.name]?.properties == collection.target.properties.count)
        #expect(walks[collection.name]?.properties == Self.count(collection.target), "\(collection.name)")
      }
      let faults = (Array(imports.values) + Array(walks.values)).flatMap(\.faults)
      let unexpected = faults.filter { Self.exceptions[$0] == nil }
      #expect(unexpected.isEmpty, "\(unexpected.count): \(unexpected.prefix(20).joined(separator: "\n"))")
      let unused = Self.exceptions.keys.filter { !faults.contains($0) }
      #expect(unused.isEmpty, "these exceptions no longer occur")
    }
  }
}
