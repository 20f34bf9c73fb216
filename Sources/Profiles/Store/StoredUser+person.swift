import OData

extension StoredUser {
  /// The person as they stand near somebody, with as many points and without the properties with these indices; nil when the
  /// stored JSON is damaged. Phone numbers are left out: who may read the person's entry reads them there.
  func asPerson(points: Int, without hidden: Set<Int>) -> StructuredValue? {
    guard var user = StructuredValue(stored: json, of: ProfileModel.user) else { return nil }
    for index in hidden { user.members[index] = .null }
    let type = ProfileModel.person
    var person = StructuredValue(of: type)
    person.set("id", id.text, of: type)
    for name in Self.shownMembers { person.set(name, user.string(name), of: type) }
    person.set("title", user.string("jobTitle"), of: type)
    person.set("isFavorite", .bool(false), of: type)
    person.set("personType", Self.organizationUser, of: type)
    let address = user.string("mail")
    for (name, score) in [("scoredEmailAddresses", "relevanceScore"), ("emailAddresses", "rank")] {
      person.set(name, Self.addresses(address, score, Double(points), of: type.property(named: name)), of: type)
    }
    return person
  }

  /// The members of a person's entry that the list of people near somebody repeats under the same name.
  private static let shownMembers = [
    "displayName", "givenName", "surname", "jobTitle", "companyName", "department", "officeLocation",
    "userPrincipalName",
  ]

  private static let organizationUser: Value = {
    guard let type = ProfileModel.model.type(named: "personType") else { return .null }
    var value = StructuredValue(of: type)
    value.set("class", "Person", of: type)
    value.set("subclass", "OrganizationUser", of: type)
    return .complex(value)
  }()

  private static func addresses(_ address: String?, _ score: String, _ points: Double, of property: Property?) -> Value
  {
    guard let address, case .complex(let type)? = property?.type else { return .collection([]) }
    var value = StructuredValue(of: type)
    value.set("address", address, of: type)
    value.set(score, .double(points), of: type)
    return .collection([.complex(value)])
  }
}
