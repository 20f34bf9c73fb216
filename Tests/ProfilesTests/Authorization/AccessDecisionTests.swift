import OData
import Testing

@testable import Profiles

@Suite("Who sees what")
struct AccessDecisionTests {
  /// What a caller sees of a person: everything, items with one of some audiences, and whether the person exists.
  private struct Row {
    let name: String
    let caller: Caller
    let tenant: TenantID
    let relation: OwnerRelation?
    let seesAll: Bool
    let audiences: [String]
    let seesPerson: Bool
  }

  private static let rows: [Row] = [
    row("the owner", People.person(People.innocenty), seesAll: true, knows: true),
    row("a colleague", People.person(People.colleague), sees: ["organization", "everyone"], knows: true),
    row("a stranger", People.person(People.colleague, of: People.fabrikam), sees: ["everyone"], knows: false),
    row("the same id elsewhere", People.person(People.innocenty, of: People.fabrikam), knows: false),
    row("an application", People.application(), seesAll: true, knows: true),
    row(
      "a federated stranger", People.person(People.colleague, of: People.fabrikam),
      OwnerRelation(policy: TenantPolicy(), isFederated: true), sees: ["federatedOrganizations", "everyone"],
      knows: false),
    row(
      "a colleague of a federated tenant", People.person(People.colleague),
      OwnerRelation(policy: TenantPolicy(), isFederated: true), sees: ["organization", "everyone"], knows: true),
    row(
      "family", People.person(People.colleague), OwnerRelation(policy: TenantPolicy(), listed: .family),
      sees: ["family", "organization", "everyone"], knows: true),
    row(
      "a contact in a common group", People.person(People.colleague),
      OwnerRelation(policy: TenantPolicy(), sharesGroup: true, listed: .contacts),
      sees: ["contacts", "groupMembers", "organization", "everyone"], knows: true),
    row(
      "family elsewhere", People.person(People.colleague, of: People.fabrikam),
      OwnerRelation(policy: TenantPolicy(), sharesGroup: true, listed: [.family, .contacts]), sees: ["everyone"],
      knows: false),
    row(
      "family behind a mask", People.person(People.colleague),
      OwnerRelation(policy: TenantPolicy(audienceMasks: ["phones": [.family, .everyone]]), listed: .family),
      sees: ["family", "everyone"], knows: true),
    row(
      "the owner behind a mask", People.person(People.innocenty),
      OwnerRelation(policy: TenantPolicy(audienceMasks: ["*": .me])), seesAll: true, knows: true),
    row(
      "family among personal accounts", People.person(People.colleague, of: .personalAccounts),
      OwnerRelation(policy: TenantPolicy(), sharesGroup: true, listed: .family), of: .personalAccounts,
      sees: ["everyone"],
      knows: false),
    row("a foreign application", People.application(of: People.fabrikam), knows: false),
    row(
      "a personal account", People.person(People.colleague, of: .personalAccounts), sees: ["everyone"], knows: false),
    row(
      "a personal owner", People.person(People.innocenty, of: .personalAccounts), of: .personalAccounts, seesAll: true,
      knows: true),
    row(
      "another personal account", People.person(People.colleague, of: .personalAccounts), of: .personalAccounts,
      sees: ["everyone"], knows: false),
    row("a personal application", People.application(of: .personalAccounts), of: .personalAccounts, knows: false),
    row("somebody from work", People.person(People.colleague), of: .personalAccounts, sees: ["everyone"], knows: false),
    row("the owner's id at work", People.person(People.innocenty), of: .personalAccounts, knows: false),
  ]

  private static func row(
    _ name: String, _ caller: Caller, _ relation: OwnerRelation? = nil, of tenant: TenantID = People.contoso,
    seesAll: Bool = false,
    sees audiences: [String] = [], knows: Bool
  ) -> Row {
    Row(
      name: name, caller: caller, tenant: tenant, relation: relation, seesAll: seesAll, audiences: audiences,
      seesPerson: knows)
  }

  private static let bits = [
    "family": 1, "contacts": 2, "groupMembers": 4, "organization": 8, "federatedOrganizations": 16, "everyone": 32,
  ]

  @Test("Each of the 64 audiences is seen by exactly those whom the table names")
  func everyAudience() throws {
    let item = try PagePhone.item()
    for row in Self.rows {
      let owner = ItemOwner(tenant: row.tenant, displayName: nil, relation: row.relation)
      let decision = AccessDecision(of: row.caller, to: People.innocenty, owner)
      #expect(decision.seesPerson == row.seesPerson, "\(row.name)")
      #expect(decision.mayWrite == row.seesPerson, "\(row.name)")
      var seen: [Int] = []
      var shown: [Int] = []
      for number in 0..<64 {
        let copy = StoredItem(
          key: item.key, version: item.version, audience: Audience(rawValue: Int64(number)), created: item.created,
          json: item.json, collapsible: item.collapsible)
        if decision.sees(copy) { seen.append(number) }
        if decision.visible(copy, of: PhoneBody.type) != nil { shown.append(number) }
      }
      let expected = (0..<64).filter { number in
        row.seesAll || row.audiences.contains { number & (Self.bits[$0] ?? 0) != 0 }
      }
      #expect(seen == expected, "\(row.name)")
      #expect(shown == expected, "\(row.name)")
    }
  }

  @Test("A person shows everything to User.Read.All, and six members to User.ReadBasic.All")
  func members() throws {
    var value = StructuredValue(of: ProfileModel.user)
    let texts = ProfileModel.user.properties.filter { property in
      if case .primitive(.string) = property.type { !property.isCollection } else { false }
    }
    for property in texts { value.members[property.index] = .string("value of " + property.name) }
    value.set("accountEnabled", .bool(true), of: ProfileModel.user)
    let user = StoredUser(id: People.innocenty, tenant: People.contoso, version: .first, value: value)
    func shown(_ caller: Caller) -> String? {
      AccessDecision(of: caller, to: People.innocenty, user.asOwner).visible(user, to: caller, withholding: .none).map {
        String(decoding: $0.json, as: UTF8.self)
      }
    }
    let basic = try #require(shown(People.person(People.colleague, of: People.contoso, [.userReadBasicAll])))
    let visible = ["id", "displayName", "givenName", "surname", "mail", "userPrincipalName"]
    for property in texts {
      #expect(basic.contains("value of \(property.name)\"") == visible.contains(property.name), "\(property.name)")
    }
    let whole = String(decoding: user.json, as: UTF8.self)
    for permission in [Permission.userReadAll, .userReadWriteAll] {
      #expect(shown(People.person(People.colleague, of: People.contoso, [permission])) == whole)
      #expect(shown(People.application(of: People.contoso, [permission])) == whole)
    }
    #expect(shown(People.application(of: People.contoso, [.userReadBasicAll])) == basic)
    for permission in [Permission.userRead, .userReadWrite] {
      #expect(shown(People.person(People.innocenty, of: People.contoso, [permission])) == whole)
      #expect(shown(People.person(People.colleague, of: People.contoso, [permission])) == basic)
    }
    #expect(shown(People.person(People.colleague, of: People.fabrikam)) == nil)
    #expect(shown(People.person(People.innocenty, of: People.fabrikam)) == nil)
    #expect(shown(People.application(of: People.fabrikam)) == nil)
  }

  @Test("What a policy withholds is shown to the person and to applications alone")
  func withheldProperties() throws {
    var value = StructuredValue(of: ProfileModel.user)
    for name in ["id", "displayName", "mail", "mobilePhone", "faxNumber"] { value.set(name, "value of \(name)") }
    let user = StoredUser(id: People.innocenty, tenant: People.contoso, version: .first, value: value)
    let withheld = WithheldProperties(["mail", "mobilePhone", "jobTitle"])
    func shown(_ caller: Caller, _ withheld: WithheldProperties) -> [String]? {
      AccessDecision(of: caller, to: People.innocenty, user.asOwner).visible(user, to: caller, withholding: withheld)
        .map { shown in ["mail", "mobilePhone", "faxNumber"].filter { shown.value?.string($0) != nil } }
    }
    let all = ["mail", "mobilePhone", "faxNumber"]
    #expect(shown(People.person(People.colleague), withheld) == ["faxNumber"])
    #expect(shown(People.person(People.colleague, isAdministrator: true), withheld) == ["faxNumber"])
    #expect(shown(People.person(People.colleague, [.userReadBasicAll]), withheld) == [])
    #expect(shown(People.person(People.colleague, [.userReadBasicAll]), .none) == ["mail"])
    #expect(shown(People.person(People.innocenty), withheld) == all)
    #expect(shown(People.application(), withheld) == all)
    #expect(shown(People.person(People.colleague), .none) == all)
    // A name that is no contact property withholds nothing.
    #expect(WithheldProperties(["jobTitle", "id", "displayName"]) == .none)
    // Names that people sign in with are addresses as often as not.
    for name in ["identities", "onPremisesUserPrincipalName"] { #expect(WithheldProperties([name]) != .none) }
    // The addresses by protocol hold the mail address.
    #expect(WithheldProperties(["mail"]) == WithheldProperties(["mail", "proxyAddresses"]))
    #expect(WithheldProperties(["proxyAddresses"]) != WithheldProperties(["mail", "proxyAddresses"]))
  }

  @Test("An account of which nothing is said is enabled and a member's; what is said stays")
  func accountDefaults() throws {
    func shown(_ json: String) -> String {
      let user = StoredUser(
        id: People.innocenty, tenant: People.contoso, principalName: nil, displayName: nil, version: .first,
        json: Array(json.utf8))
      return String(decoding: user.completeJSON, as: UTF8.self)
    }
    #expect(shown(#"{"id":"a"}"#) == #"{"id":"a","accountEnabled":true,"userType":"Member"}"#)
    for json in [#"{"id":"a","accountEnabled":false}"#, #"{"accountEnabled":true,"id":"a"}"#] {
      #expect(shown(json) == json)
    }
    let text = #"{"id":"a","displayName":"\"accountEnabled\":false"}"#
    #expect(shown(text) == text.dropLast() + #","accountEnabled":true,"userType":"Member"}"#)
    let user = StoredUser(
      id: People.innocenty, tenant: People.contoso, principalName: nil, displayName: nil, version: .first,
      json: Array(text.utf8))
    #expect(!user.isDisabled)
  }
}
