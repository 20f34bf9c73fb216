/// Why a record was refused by an import. Nothing of the import was kept.
public enum ImportError: Error, Equatable, Sendable {
  /// The item's person is neither in the store nor earlier in the import.
  case unknownPerson
  /// The person is there already, in another tenant.
  case otherTenant
  /// Somebody else of the tenant has the principal name.
  case principalNameTaken
  /// The collection would hold more than `Limits.itemsPerCollectionMax` items.
  case collectionFull
  /// The person would hold more than `Limits.personBytesMax` bytes.
  case personFull

  /// A sentence for people: what is wrong with the record and what to do.
  public var message: String {
    switch self {
    case .unknownPerson: "The item belongs to a person who is not known. Put the person before their items."
    case .otherTenant:
      "The person is known in another tenant, and their items with them. Give the new person another id."
    case .principalNameTaken: "Another person of the tenant has this userPrincipalName. Change one of the two."
    case .collectionFull: "The collection would hold too many items. Remove some of them."
    case .personFull: "The items of the person would be too large in all. Remove some of them."
    }
  }
}
