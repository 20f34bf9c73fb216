public import OData

/// The entity data model of the service. Paths, bodies, answers and metadata are derived from it.
public enum ProfileModel {
  /// All declared types, resolved.
  public static let model: EntityModel = {
    do throws(EntityModel.DeclarationError) {
      return try EntityModel(
        namespace: "microsoft.graph",
        enums: Enumerations.all,
        types: ComplexTypes.all + UserComplexTypes.all + ItemFacet.all + DirectoryTypes.all + OrganizationTypes.all
          + PhotoTypes.all + PersonalTypes.all + ContactTypes.all
          + WorkTypes.all + LearningTypes.all + Relationship.all + PersonTypes.all + PeopleSettingsTypes.all,
        roots: [
          .entitySet("users", aliases: ["user"], of: "user", unoffered: UnofferedNames.ofUsers),
          .singleton("me", of: "user"),
          .entitySet("groups", of: "group", unoffered: UnofferedNames.ofGroups),
          .entitySet(
            "directoryObjects", of: "directoryObject", isListed: false, unoffered: UnofferedNames.ofDirectoryObjects),
          .entitySet("organization", of: "organization", unoffered: UnofferedNames.ofDirectoryObjects),
          .entitySet("domains", of: "domain"),
          .singleton("admin", of: "admin"),
        ],
        unofferedRoots: UnofferedNames.roots, actions: DirectoryTypes.actions)
    } catch {
      preconditionFailure("The declared model is wrong: \(error)")
    }
  }()

  /// The type of a person.
  public static let user = type("user")
  /// The type of a profile.
  public static let profile = type("profile")
  /// The key of every profile, a constant as on the live service.
  public static let profileID = "profileId"
  /// The abstract type of every item.
  public static let itemFacet = type("itemFacet")
  /// The type of a group.
  public static let group = type("group")
  /// The abstract type of everything in the directory: references name entities of its set.
  public static let directoryObject = type("directoryObject")
  /// The type of a tenant's organisation.
  public static let organization = type("organization")
  /// The type of a domain of a tenant.
  public static let domain = type("domain")
  /// The type of a photo in one size.
  public static let photo = type("profilePhoto")
  /// The type of a row of the audit log.
  public static let change = type("profileChange")
  /// The type of somebody who stands near a person.
  public static let person = type("person")
  /// The type of what an organisation decides about its people: each of its navigation properties is a setting.
  public static let peopleAdminSettings = type("peopleAdminSettings")
  /// The collections of items that a profile contains.
  public static let collections = profile.navigation.filter { $0.isCollection && $0.isExpandable }

  /// The collection of this name or alias, in any case.
  public static func collection(named name: String) -> NavigationProperty? {
    collections.first { $0.isNamed(name) }
  }

  private static func type(_ name: String) -> StructuredType {
    guard let type = model.type(named: name) else { preconditionFailure("The model declares no \(name)") }
    return type
  }
}
