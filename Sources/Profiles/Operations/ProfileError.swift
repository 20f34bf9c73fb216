public import OData

/// Everything that can go wrong with a request to the profile domain. The server maps each to Graph's wire form.
public enum ProfileError: Error, Equatable, Sendable {
  /// `/me` was asked for by an application on its own.
  case meNeedsUser
  /// The token holds none of these permissions; `isDirectory` tells a person's own resource from their profile.
  case insufficientPermissions([Permission], isDirectory: Bool)
  /// The permission is there, but the tenant lets only administrators write for others.
  case deniedForRole(isDirectory: Bool)
  /// The permission is there, but only administrators and applications set this property of people.
  case propertyOfAdministrators(String)
  /// No permission lets this caller do it: it is for the owner alone, and for applications of the tenant.
  case ownersAlone
  /// The tenant's policy does not let applications write the collection.
  case closedToApplications(collection: String)
  /// The tenant's policy does not allow these audiences in the collection.
  case audienceNotAllowed(collection: String, allowed: Audience)
  /// The token's tenant is none of the server's.
  case unknownTenant
  /// There is no such group, or none that the caller may know of.
  case groupNotFound
  /// The person is a member already.
  case alreadyMember
  /// The person is a member of `Limits.groupsPerPersonMax` groups.
  case tooManyGroups
  /// There is no such person, or none that the caller may know of.
  case userNotFound
  /// There is no such item, or none that the caller may see.
  case itemNotFound
  /// Somebody else of the tenant has the principal name.
  case principalNameTaken
  /// Somebody else of the tenant has the mail address.
  case mailTaken
  /// `If-Match` names another version.
  case preconditionFailed
  /// An `Idempotency-Key` was sent before with another body.
  case receiptOfAnother
  /// The body is not one of the declared type.
  case body(BodyError)
  /// The collection holds `Limits.itemsPerCollectionMax` items.
  case collectionFull
  /// The person holds `Limits.personBytesMax` bytes.
  case personFull
  /// The query's expression has no value for one of the entities that the caller may see.
  case evaluation(EvaluationError)
  /// A sorted list cannot skip that many.
  case skipsTooMany
  /// `Limits.evaluationsWaitingMax` long queries of the caller wait already.
  case evaluationsTooMany
  /// The client left before its query was answered.
  case abandoned
  /// The store failed. Nothing was committed, except after `StoreError.unresolved`: then that is not known.
  case store(StoreError)
}
