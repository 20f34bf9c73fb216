import OData
import Testing

@testable import Profiles

/// The declared model against `contract/model.json`, type by type.
@Suite("The declared model")
struct DeclaredModelTests {
  /// Where the declarations differ from the contract, with the reason.
  private static let differences: [String: String] = [
    "itemPhone/type nullable true": "published answers show null, so it can be cleared (DESIGN section 1)",
    "user open false": "only the minimal properties are offered; anything else is refused by name",
    "directoryObject unlisted": "the contract names it as the base of user only",
  ]

  private struct Shape: Equatable, CustomStringConvertible {
    let type: String
    let isCollection: Bool
    let isNullable: Bool
    var description: String { "\(type) collection \(isCollection) nullable \(isNullable)" }
  }

  private static func contract() throws -> [String: Any]? {
    try SharedFolder.json("contract/model.json") as? [String: Any]
  }

  private static func shapes(_ properties: [[String: Any]]) -> [String: Shape] {
    var shapes: [String: Shape] = [:]
    for property in properties {
      guard let name = property["name"] as? String, let type = property["type"] as? String,
        let isCollection = property["collection"] as? Bool, let isNullable = property["nullable"] as? Bool
      else { continue }
      shapes[name] = Shape(type: type, isCollection: isCollection, isNullable: isNullable)
    }
    return shapes
  }

  /// The properties that a type declares itself.
  private static func shapes(_ type: StructuredType) -> [String: Shape] {
    let inherited = type.baseName.flatMap { ProfileModel.model.type(named: $0) }?.properties.count ?? 0
    var shapes: [String: Shape] = [:]
    for property in type.properties.dropFirst(inherited) {
      shapes[property.name] = Shape(
        type: property.type.qualifiedName, isCollection: property.isCollection, isNullable: property.isNullable)
    }
    return shapes
  }

  private static func compare(
    _ type: String, _ declared: [String: Shape], _ contract: [String: Shape]
  ) -> [String] {
    Set(declared.keys).union(contract.keys).sorted().compactMap { name in
      guard declared[name] != contract[name] else { return nil }
      guard let ours = declared[name], let theirs = contract[name] else { return "\(type)/\(name) missing" }
      let onlyNullability = ours.type == theirs.type && ours.isCollection == theirs.isCollection
      return onlyNullability ? "\(type)/\(name) nullable \(ours.isNullable)" : "\(type)/\(name) is \(ours)"
    }
  }

  @Test("Every declared type has the contract's properties, but for the listed differences")
  func structuredTypes() throws {
    guard let contract = try Self.contract() else { return }
    let listed =
      ((contract["entityTypes"] as? [[String: Any]] ?? []) + (contract["complexTypes"] as? [[String: Any]] ?? []))
    var found: Set<String> = []
    var compared = 0
    for type in ProfileModel.model.structuredTypes where type.name != "user" {
      guard let theirs = listed.first(where: { $0["name"] as? String == type.qualifiedName }) else {
        found.insert("\(type.name) unlisted")
        continue
      }
      compared += 1
      let properties = Self.shapes(theirs["properties"] as? [[String: Any]] ?? [])
      found.formUnion(Self.compare(type.name, Self.shapes(type), properties))
      if theirs["openType"] as? Bool != type.isOpen { found.insert("\(type.name) open \(type.isOpen)") }
      if let isAbstract = theirs["abstract"] as? Bool { #expect(isAbstract == type.isAbstract, "\(type.name)") }
      let base = (theirs["baseType"] as? String)?.split(separator: ".").last.map(String.init)
      #expect(base == type.baseName, "\(type.name)")
    }
    #expect(compared >= 9)
    try Self.compareUser(contract, into: &found)
    #expect(found == Set(Self.differences.keys))
  }

  private static func compareUser(_ contract: [String: Any], into found: inout Set<String>) throws {
    let user = try #require(contract["user"] as? [String: Any])
    var declared = shapes(ProfileModel.user)
    for property in ProfileModel.user.properties where property.name == "id" {
      declared["id"] = Shape(
        type: property.type.qualifiedName, isCollection: property.isCollection, isNullable: property.isNullable)
    }
    found.formUnion(compare("user", declared, shapes(user["minimalProperties"] as? [[String: Any]] ?? [])))
    if user["openType"] as? Bool != ProfileModel.user.isOpen { found.insert("user open \(ProfileModel.user.isOpen)") }
    #expect(user["baseType"] as? String == "microsoft.graph.\(ProfileModel.user.baseName ?? "")")
  }

  @Test("Every declared enumeration has the contract's members, numbers and kind")
  func enumTypes() throws {
    guard let contract = try Self.contract() else { return }
    let listed = contract["enumTypes"] as? [[String: Any]] ?? []
    for type in ProfileModel.model.enumTypes {
      let theirs = try #require(listed.first { $0["name"] as? String == type.qualifiedName })
      #expect(theirs["isFlags"] as? Bool == type.isFlags)
      let members = (theirs["members"] as? [[String: Any]] ?? []).map {
        "\($0["name"] as? String ?? "") \($0["value"] as? Int ?? -1)"
      }
      #expect(type.members.map { "\($0.name) \($0.value)" } == members)
    }
    #expect(ProfileModel.model.enumTypes.map(\.name).sorted() == ["allowedAudiences", "phoneType"])
  }

  @Test("Every declared collection of the profile is the contract's, by name and type")
  func navigation() throws {
    guard let contract = try Self.contract() else { return }
    let listed = contract["profileNavigation"] as? [[String: Any]] ?? []
    for collection in ProfileModel.collections {
      let theirs = try #require(listed.first { $0["name"] as? String == collection.name })
      #expect(theirs["itemType"] as? String == collection.target.qualifiedName)
      #expect(theirs["collection"] as? Bool == collection.isCollection)
    }
    #expect(ProfileModel.collection(named: "PHONES")?.name == "phones")
    #expect(ProfileModel.collection(named: "nosuch") == nil)
  }

  @Test("Items show their members in the order of the published page")
  func order() {
    #expect(
      PhoneBody.type.properties.map(\.name) == [
        "id", "allowedAudiences", "inference", "createdDateTime", "createdBy", "lastModifiedDateTime",
        "lastModifiedBy", "source", "sources", "isSearchable", "displayName", "type", "number",
      ])
  }

  @Test("Everything declared is documented")
  func documentation() {
    for type in ProfileModel.model.structuredTypes {
      #expect(!type.documentation.isEmpty, "\(type.name)")
      for property in type.properties { #expect(!property.documentation.isEmpty, "\(type.name)/\(property.name)") }
      for property in type.navigation { #expect(!property.documentation.isEmpty, "\(type.name)/\(property.name)") }
    }
    for type in ProfileModel.model.enumTypes { #expect(!type.documentation.isEmpty, "\(type.name)") }
  }
}
