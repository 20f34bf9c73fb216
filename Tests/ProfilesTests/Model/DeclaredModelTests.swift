import Fixtures
import Foundation
import OData
import Testing

@testable import Profiles

/// The declared model against `contract/model.json`, fact by fact.
@Suite("The declared model")
struct DeclaredModelTests {
  /// What is declared and the contract does not say, with the reason.
  private static let declaredOnly: [String: String] = [
    "itemPhone/type: phoneType": "published answers show null, so it can be cleared",
    "itemEmail/type: emailType": "published answers show null, so it can be cleared",
    "profile contains responsibilities: many personResponsibility": "the pages have it; the SDK has only its type",
    "abstract entity type directoryObject extends entity": "the contract names it only as the base of user",
  ]

  /// What the contract says and is not declared, with the reason.
  /// Types that the contract, which is about profiles, does not speak of: groups, photos, the directory, what stands near people, and the extensions.
  private static let ofDirectory: Set<String> = [
    "group", "memberOf", "transitiveMemberOf", "organization", "domain", "verifiedDomain", "assignedLicense",
    "assignedPlan",
    "authorizationInfo", "employeeOrgData", "licenseAssignmentState", "objectIdentity", "onPremisesExtensionAttributes",
    "onPremisesProvisioningError", "passwordProfile", "provisionedPlan", "serviceProvisioningError", "profilePhoto",
    "person", "personType", "scoredEmailAddress", "rankedEmailAddress", "admin",
    "peopleAdminSettings", "profileCardProperty", "profileCardAnnotation", "displayNameLocalization", "profileSource",
    "profileSourceLocalization", "profilePropertySetting", "pronounsSettings", "namePronunciationSettings",
    "photoUpdateSettings", "insightsSettings",
  ]
  private static let extensionTypes: Set<String> = ["itemRelationship", "profileChange"]
  /// The properties of people beyond the few that the contract speaks of are left out while they are not set.
  private static let beyondContract = ofDirectory.union(extensionTypes).union(["profileChangeKind"])
    .union(
      ProfileModel.user.properties.filter { $0.traits.contains(.omittedWhenNull) }.map { "user/\($0.name)" })

  @Test("What the contract does not speak of is of Graph or marked as an extension")
  func extensions() {
    let types = ProfileModel.model.structuredTypes.filter(\.isExtension).map(\.name)
    #expect(Set(types) == Self.extensionTypes)
  }

  private static let contractOnly: [String: String] = [
    "itemPhone/type: phoneType, never null": "as above",
    "itemEmail/type: emailType, never null": "as above",
    "user is open": "only the minimal properties are offered; anything else is refused by name",
  ]

  private static func contract() throws -> Contract? {
    guard let bytes = try SharedFolder.bytes("contract/model.json") else { return nil }
    return try JSONDecoder().decode(Contract.self, from: Data(bytes))
  }

  @Test("The model says what the contract says, but for the listed differences")
  func model() throws {
    guard let contract = try Self.contract() else { return }
    let (ours, theirs) = (
      ModelFacts(ProfileModel.model, without: Self.beyondContract).lines, ModelFacts(contract: contract).lines
    )
    #expect(ours.subtracting(theirs).sorted() == Self.declaredOnly.keys.sorted())
    #expect(theirs.subtracting(ours).sorted() == Self.contractOnly.keys.sorted())
  }

  @Test("The contract is read whole")
  func contractIsComplete() throws {
    guard let contract = try Self.contract() else { return }
    let types = contract.entityTypes + contract.complexTypes
    #expect(contract.entityTypes.count == contract.counts.entityTypes)
    #expect(contract.complexTypes.count == contract.counts.complexTypes)
    #expect(contract.enumTypes.count == contract.counts.enumTypes)
    #expect(contract.profileNavigation.count == contract.counts.profileNavigation)
    #expect(types.reduce(0) { $0 + $1.properties.count } == contract.counts.ownProperties)
    #expect(contract.enumTypes.reduce(0) { $0 + $1.members.count } == contract.counts.enumMembers)
  }

  @Test("Older names lead to the same collections and types")
  func aliases() {
    #expect(ProfileModel.collection(named: "PHONES")?.name == "phones")
    #expect(ProfileModel.collection(named: "accounts")?.name == "account")
    #expect(ProfileModel.collection(named: "nosuch") == nil)
    let older = ProfileModel.model.structuredTypes.flatMap { type in type.aliases.map { "\($0) -> \(type.name)" } }
    #expect(
      older.sorted() == [
        "microsoft.graph.personAnniversary -> personAnnualEvent",
        "microsoft.graph.personDataSource -> personDataSources",
        "microsoft.graph.yomiPersonName -> personNamePronounciation",
      ])
  }

  @Test("Clients cannot set keys, sources, and what only a directory knows of an account")
  func readOnly() {
    let types = ProfileModel.collections.map(\.target) + ProfileModel.model.structuredTypes.filter { !$0.isEntity }
    let readOnly = types.flatMap { type in
      type.properties.filter { !$0.traits.isDisjoint(with: [.key, .readOnly]) }.map { "\(type.name)/\($0.name)" }
    }
    let ofEveryItem = ProfileModel.collections.flatMap { ["\($0.target.name)/id", "\($0.target.name)/sources"] }
    let ofAccounts = ["ageGroup", "originTenantInfo", "userPersona", "userPrincipalName"]
    #expect(Set(readOnly) == Set(ofEveryItem + ofAccounts.map { "userAccountInformation/\($0)" }))
  }

  @Test("Collections stand in the order of their names")
  func collectionOrder() {
    let names = ProfileModel.collections.map(\.name)
    #expect(names == names.sorted() && names.first == "account" && names.last == "websites")
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
