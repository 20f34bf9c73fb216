import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// The documentation of the declared types, and the demo data, which holds items of all of them.
@Suite("Declared types")
struct DeclaredTypesTests {
  @Test("The row of a type in docs/types.md names each of its own properties, or its members with their numbers")
  func rows() throws {
    let rows = try PackageFiles.text(of: "docs/types.md").matches(of: /(?m)^\| `(\w+)` \|.*$/)
    let byType = Dictionary(rows.map { (String($0.output.1), String($0.output.0)) }) { $1 }
    let model = ProfileModel.model
    for type in model.structuredTypes where !type.isAbstract {
      let inherited = type.baseName.flatMap { model.type(named: $0) }?.properties.count ?? 0
      let missing = type.properties.dropFirst(inherited).map(\.name).filter {
        !Self.row(byType[type.name], names: "`\($0)`")
      }
      #expect(missing.isEmpty, "\(type.name)")
    }
    for type in model.enumTypes {
      let missing = type.members.filter { !Self.row(byType[type.name], names: "`\($0.name)` \($0.value)") }
      #expect(missing.isEmpty, "\(type.name)")
    }
    for collection in ProfileModel.collections {
      #expect(Self.row(byType[collection.target.name], names: "in the collection `\(collection.name)`"))
    }
  }

  private static func row(_ row: String?, names name: String) -> Bool { row?.contains(name) ?? false }

  @Test("The demo's three people have items in every collection, for different audiences")
  func demo() async throws {
    try await withFacet { facet in
      let exported = try await FacetProcess.run(["export", "--data", facet.data.path])
      let lines = exported.output.split(separator: "\n").compactMap {
        try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
      let items = lines.filter { $0["collection"] != nil }
      for person in [Demo.innocenty, Demo.amara, Demo.lena] {
        let own = items.filter { $0["userId"] as? String == person }
        let collections = Set(own.compactMap { $0["collection"] as? String })
        #expect(collections == Set(ProfileModel.collections.map(\.name)), "\(person)")
        let audiences = Set(own.compactMap { ($0["item"] as? [String: Any])?["allowedAudiences"] as? String })
        #expect(audiences.isSuperset(of: ["me", "organization", "everyone"]), "\(person)")
      }
      #expect(lines.count == items.count + 3)
    }
  }

  @Test("Older names of collections and types, and paths without the profile, lead to the same items")
  func olderNames() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      var checked = 0
      for collection in ProfileModel.collections {
        let list = try await facet.probe.request("GET", "/beta/me/profile/\(collection.name)", token: token)
        let shorter = collection.isOwnerOptionalInPaths ? ["/beta/me/\(collection.name)"] : []
        for path in collection.aliases.map({ "/beta/me/profile/\($0)" }) + shorter {
          let same = try await facet.probe.request("GET", path, token: token)
          #expect(same.status == 200 && same.body == list.body, "\(path)")
          checked += 1
        }
        for alias in collection.target.aliases {
          let body = ##"{"@odata.type":"#\##(alias)"}"##
          let made = try await facet.probe.request(
            "POST", "/beta/me/profile/\(collection.name)", token: token, body: body)
          #expect(made.status == 201, "\(alias)")
          #expect(made.json["@odata.type"] as? String == "#\(collection.target.qualifiedName)")
          checked += 1
        }
      }
      #expect(checked >= 3)
    }
  }
}
