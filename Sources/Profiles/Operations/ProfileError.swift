public import OData

/// Why an operation of the profile domain failed. Nothing was changed, except where `store` says that the outcome is
/// unknown. The server maps each case to Graph's wire form.
public enum ProfileError: Error, Equatable, Sendable {
  /// `/me` was requested by an application without a user.
  case meNeedsUser
  /// The token holds none of these permissions. `isDirectory` tells a person's entry in the directory from their
  /// profile.
  case insufficientPermissions([Permission], isDirectory: Bool)
  /// The permission is there, but the tenant lets only administrators write for others.
  case deniedForRole(isDirectory: Bool)
  /// The permission is there, but only administrators and applications set this property of people.
  case propertyOfAdministrators(String)
  /// No permission allows this caller to do it: only the owner and applications of the tenant may.
  case ownerOnly
  /// The tenant's policy does not let applications write the collection.
  case closedToApplications(collection: String)
  /// The tenant's policy does not allow these audiences in the collection.
  case audienceNotAllowed(collection: String, allowed: Audience)
  /// The token's tenant is not one of the server's.
  case unknownTenant
  /// The caller's tenant is no such organisation, or has no such domain.
  case organizationNotFound
  /// There is no such group, or none that the caller may know of.
  case groupNotFound
  /// The tenant has no such setting.
  case settingNotFound
  /// The tenant has as many settings of its people as `Limits` allow.
  case settingsFull
  /// The person is already a member.
  case alreadyMember
  /// The person is a member of `Limits.groupsPerPersonMax` groups.
  case tooManyGroups
  /// The person is already an owner of the group.
  case alreadyOwner
  /// The group has `Limits.ownersPerGroupMax` owners.
  case tooManyOwners
  /// The person is the only owner of the group.
  case lastOwner
  /// The group cannot be a member of the other one.
  case nesting(NestingObstacle)
  /// The answer would have more than `Limits.transitiveGroupsMax` groups.
  case tooManyResults
  /// What was asked for by ids holds more than `Limits.foundBytesMax`.
  case answerTooLarge
  /// There is no such person, or none that the caller may know of.
  case userNotFound
  /// The person has no manager, or none that the caller may know of.
  case managerNotFound
  /// The manager reports to the person, directly or through others.
  case managerCircle
  /// More than `Limits.managersAboveMax` managers would be above the person.
  case tooManyManagers
  /// More than `Limits.transitiveReportsMax` people are below the person.
  case tooManyReports
  /// There is no such item, or none that the caller may see.
  case itemNotFound
  /// There is no photo, or none that the caller may see.
  case photoNotFound
  /// No photo could be made of the bytes that were sent.
  case photo(PhotoRefusal)
  /// Another person of the tenant has the principal name.
  case principalNameTaken
  /// Another person of the tenant has the mail address.
  case mailTaken
  /// `If-Match` names another version (RFC 9110 section 13.1.1).
  case preconditionFailed
  /// The `Idempotency-Key` was sent before with another body.
  case idempotencyKeyReused
  /// The body does not have the declared type.
  case body(BodyError)
  /// The collection holds `Limits.itemsPerCollectionMax` items.
  case collectionFull
  /// The person holds `Limits.personBytesMax` bytes.
  case personFull
  /// The query's expression has no value for one of the entities that the caller may see.
  case evaluation(EvaluationError)
  /// The query skips more than `Limits.sortedSkipMax` entities of a sorted list.
  case skipTooLarge
  /// More than `Limits.nearbyItemTermsMax` terms of a search among people look into profiles.
  case searchTooWide
  /// `Limits.evaluationsWaitingMax` long queries of the caller are already waiting.
  case tooManyQueries
  /// The client left before its query was answered.
  case cancelled
  /// The write is committed, but what the caller may see of it could not be read: the store failed in between.
  case writtenButUnread(StoreError)
  /// The store could not do its work. After `StoreError.unresolved` the outcome of a write is unknown.
  case store(StoreError)
}
