import OData

@testable import Profiles

/// Everything a model says, one fact a line, so that two models are compared by comparing sets.
struct ModelFacts {
  private(set) var lines: Set<String> = []

  /// What the program declares, without the types and navigation properties of these names, and without the properties
  /// of names such as `user/city`.
  init(_ model: EntityModel, without left: Set<String>) {
    for type in model.structuredTypes where !left.contains(type.name) {
      add(type: type.name, base: type.baseName, isEntity: type.isEntity, isAbstract: type.isAbstract)
      if type.isOpen { lines.insert("\(type.name) is open") }
      let inherited = type.baseName.flatMap { model.type(named: $0) }
      for property in type.properties.dropFirst(inherited?.properties.count ?? 0)
      where !left.contains("\(type.name)/\(property.name)") {
        add(
          property: property.name, of: type.name, type: property.type.qualifiedName,
          isCollection: property.isCollection, isNullable: property.isNullable)
      }
      for property in type.navigation.dropFirst(inherited?.navigation.count ?? 0)
      where !left.contains(property.name) && !left.contains(property.target.name) {
        add(
          navigation: property.name, of: type.name, target: property.target.qualifiedName,
          isCollection: property.isCollection)
      }
    }
    for type in model.enumTypes where !left.contains(type.name) {
      lines.insert("enumeration \(type.name) flags \(type.isFlags)")
      for member in type.members { lines.insert("\(type.name).\(member.name) = \(member.value)") }
    }
  }

  /// What the contract's file says.
  init(contract: Contract) {
    for type in contract.entityTypes { add(type, isEntity: true) }
    for type in contract.complexTypes { add(type, isEntity: false) }
    for type in contract.enumTypes {
      lines.insert("enumeration \(Self.short(type.name)) flags \(type.isFlags)")
      for member in type.members { lines.insert("\(Self.short(type.name)).\(member.name) = \(member.value)") }
    }
    for navigation in contract.profileNavigation {
      add(
        navigation: navigation.name, of: "profile", target: navigation.itemType, isCollection: navigation.collection)
    }
    let user = contract.user
    add(type: "user", base: Self.short(user.baseType), isEntity: true, isAbstract: false)
    if user.openType { lines.insert("user is open") }
    for property in user.minimalProperties where property.inheritedFrom == nil { add(property, of: "user") }
    for navigation in user.navigation {
      add(navigation: navigation.name, of: "user", target: navigation.type, isCollection: navigation.collection)
    }
  }

  private mutating func add(_ type: Contract.Structured, isEntity: Bool) {
    let name = Self.short(type.name)
    add(type: name, base: type.baseType.map(Self.short), isEntity: isEntity, isAbstract: type.abstract ?? false)
    if type.openType { lines.insert("\(name) is open") }
    for property in type.properties { add(property, of: name) }
  }

  private mutating func add(_ property: Contract.Property, of type: String) {
    add(
      property: property.name, of: type, type: property.type, isCollection: property.collection,
      isNullable: property.nullable)
  }

  private mutating func add(type: String, base: String?, isEntity: Bool, isAbstract: Bool) {
    let kind = (isAbstract ? "abstract " : "") + (isEntity ? "entity" : "complex")
    lines.insert("\(kind) type \(type) extends \(base ?? "nothing")")
  }

  private mutating func add(property: String, of owner: String, type: String, isCollection: Bool, isNullable: Bool) {
    let many = isCollection ? "many " : ""
    lines.insert("\(owner)/\(property): \(many)\(Self.short(type))\(isNullable ? "" : ", never null")")
  }

  private mutating func add(navigation: String, of owner: String, target: String, isCollection: Bool) {
    lines.insert("\(owner) contains \(navigation): \(isCollection ? "many " : "")\(Self.short(target))")
  }

  private static func short(_ name: String) -> String { name.replacing("microsoft.graph.", with: "") }
}

/// The parts of `contract/model.json` that say what the model is.
struct Contract: Decodable {
  struct Structured: Decodable {
    let name: String
    let baseType: String?
    let abstract: Bool?
    let openType: Bool
    let properties: [Property]
  }

  struct Property: Decodable {
    let name: String
    let type: String
    let collection: Bool
    let nullable: Bool
    let inheritedFrom: String?
  }

  struct Enumeration: Decodable {
    struct Member: Decodable {
      let name: String
      let value: Int64
    }
    let name: String
    let isFlags: Bool
    let members: [Member]
  }

  struct ProfileNavigation: Decodable {
    let name: String
    let itemType: String
    let collection: Bool
  }

  struct User: Decodable {
    struct Navigation: Decodable {
      let name: String
      let type: String
      let collection: Bool
    }
    let baseType: String
    let openType: Bool
    let minimalProperties: [Property]
    let navigation: [Navigation]
  }

  struct Counts: Decodable {
    let entityTypes: Int
    let complexTypes: Int
    let enumTypes: Int
    let ownProperties: Int
    let enumMembers: Int
    let profileNavigation: Int
  }

  let entityTypes: [Structured]
  let complexTypes: [Structured]
  let enumTypes: [Enumeration]
  let profileNavigation: [ProfileNavigation]
  let user: User
  let counts: Counts
}
