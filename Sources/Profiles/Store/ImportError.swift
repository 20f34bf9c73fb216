/// Why an import refused a line. Nothing of the import was stored.
public enum ImportError: Error, Equatable, Sendable {
  /// The person of the item is neither in the store nor earlier in the import.
  case unknownPerson
  /// The person is there already, in another tenant.
  case otherTenant
  /// A group is there already, in another tenant.
  case groupOfOtherTenant
  /// A line names a group that is neither in the store nor earlier in the import, or one of another tenant.
  case unknownGroup
  /// A photo names a group that is neither in the store nor earlier in the import.
  case unknownGroupOfPhoto
  /// The person would be a member of more than `Limits.groupsPerPersonMax` groups.
  case tooManyGroups
  /// The group cannot be a member of the other one.
  case nesting(NestingObstacle)
  /// The group would have more than `Limits.ownersPerGroupMax` owners.
  case tooManyOwners
  /// Another person of the tenant has the principal name.
  case principalNameTaken
  /// Another person of the tenant has the mail address.
  case mailTaken
  /// The collection would hold more than `Limits.itemsPerCollectionMax` items.
  case collectionFull
  /// The person would hold more than `Limits.personBytesMax` bytes.
  case personFull

  /// A sentence for people: what is wrong with the line and what to do.
  public var message: String {
    switch self {
    case .unknownPerson: "It belongs to a person who is not known. Put the person before their items."
    case .otherTenant:
      "The person is known in another tenant, and their items with them. Give the new person another id."
    case .groupOfOtherTenant: "The group is known in another tenant. Give the new group another id."
    case .unknownGroup: "The group is not known in the tenant of the person. Put the group before its members."
    case .unknownGroupOfPhoto: "The group is not known. Put the group before its photo."
    case .tooManyGroups: "The person would be a member of too many groups. Remove some of them."
    case .nesting(.circle):
      "The other group is a member of this one, directly or through others. Remove one of the two."
    case .nesting(.tooDeep): "Too many groups would lie in one another. Remove some of them."
    case .nesting(.tooMany): "Too many groups would be above or below the group. Remove some of them."
    case .tooManyOwners: "The group would have too many owners. Remove some of them."
    case .principalNameTaken: "Another person of the tenant has this userPrincipalName. Change one of the two."
    case .mailTaken:
      "Another person of the tenant has this mail address. Change one of the two; whoever gives it up comes first."
    case .collectionFull: "The collection would hold too many items. Remove some of them."
    case .personFull: "The items of the person would be too large in all. Remove some of them."
    }
  }
}
