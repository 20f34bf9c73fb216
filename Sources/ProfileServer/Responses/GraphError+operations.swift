import Authentication
import NIOHTTP1
import OData
import Profiles

// MARK: Errors of operations

extension GraphError {
  /// The error of an operation. `isDirectory` selects the codes of the directory.
  init(_ error: ProfileError, isDirectory: Bool = false) {
    switch error {
    case .meNeedsUser: self = .meNeedsUser
    case .settingNotFound: self = .settingNotFound
    case .settingsFull: self = .settingsFull
    case .insufficientPermissions(let sufficient, let isDirectory):
      self.init(insufficient: sufficient, isDirectory: isDirectory)
    case .deniedForRole(let isDirectory): self.init(deniedForRole: isDirectory)
    case .propertyOfAdministrators(let name): self.init(propertyOfAdministrators: name)
    case .ownerOnly: self = .ownerOnly
    case .closedToApplications(let collection): self.init(closedToApplications: collection)
    case .audienceNotAllowed(let collection, let allowed): self.init(audienceNotAllowedIn: collection, allowed)
    case .unknownTenant: self = .unknownTenant
    case .userNotFound: self = .userNotFound
    case .managerNotFound: self = .managerNotFound
    case .managerCircle: self = .managerCircle
    case .tooManyManagers: self = .tooManyManagers
    case .tooManyReports: self = .tooManyReports
    case .itemNotFound: self = .itemNotFound
    case .groupNotFound: self = .groupNotFound
    case .organizationNotFound: self = .organizationNotFound
    case .photoNotFound: self = .photoNotFound
    case .photo(let refusal): self.init(refusal)
    case .alreadyMember: self = .alreadyMember
    case .alreadyOwner: self = .alreadyOwner
    case .tooManyOwners: self = .tooManyOwners
    case .lastOwner: self = .lastOwner
    case .nesting(let obstacle): self.init(obstacle)
    case .tooManyResults: self = .tooManyResults
    case .answerTooLarge: self = .answerTooLarge
    case .principalNameTaken: self.init(taken: "userPrincipalName")
    case .mailTaken: self.init(taken: "mail")
    case .preconditionFailed: self = .preconditionFailed
    case .idempotencyKeyReused: self = .idempotencyKeyReused
    case .body(let error): self.init(error, isDirectory: isDirectory)
    case .collectionFull: self = .collectionFull
    case .personFull: self = .personFull
    case .tooManyGroups: self = .tooManyGroups
    case .evaluation(let error): self.init(status: .badRequest, code: .badRequest, message: error.message)
    case .skipTooLarge: self = .skipTooLarge
    case .searchTooWide: self = .searchTooWide
    case .tooManyQueries: self = .tooManyQueries
    case .cancelled: self = .cancelled
    case .writtenButUnread: self = .writtenButUnread
    case .store(let error): self.init(error)
    }
  }

  private static let meNeedsUser = GraphError(
    status: .badRequest, code: .badRequest,
    message: "/me request is only valid with delegated authentication flow. Use /users/{id} with this token.")

  /// `RequestAuthenticator` adds a challenge to this refusal of a token.
  private static let unknownTenant = GraphError(
    status: .unauthorized, code: .invalidAuthenticationToken, message: TokenRefusal.unknownTenant.message)

  // MARK: Authorization

  private init(insufficient sufficient: [Permission], isDirectory: Bool) {
    let names = sufficient.map(\.rawValue).joined(separator: ", ")
    self.init(
      status: .forbidden, code: isDirectory ? .directoryDenied : .insufficientPermissions,
      message: "Insufficient privileges to complete the operation. "
        + (sufficient.isEmpty
          ? "A personal account reaches its owner alone, whatever its permissions: sign in to an organisation's account."
          : "The token needs one of: \(names)."))
  }

  private init(deniedForRole isDirectory: Bool) {
    self.init(
      status: .forbidden, code: isDirectory ? .directoryDenied : .deniedForRole,
      message:
        "Access is denied: in this tenant it takes an administrator. Sufficient would be the directory role User "
        + "Administrator or Global Administrator in the token's wids, membership in the tenant's group of "
        + "administrators, or an application's own token with the permission.")
  }

  /// A property that only administrators and applications set.
  private init(propertyOfAdministrators property: String) {
    let own = ProfileModel.user.properties.filter { $0.traits.contains(.selfService) }.map(\.name)
    self.init(
      status: .forbidden, code: .directoryDenied,
      message: "Insufficient privileges to complete the operation. '\(property)' is set by an administrator, or by an "
        + "application with User.ReadWrite.All; of yourself you can set \(own.joined(separator: ", ")).",
      target: property)
  }

  private static let ownerOnly = GraphError(
    status: .forbidden, code: .deniedForRole,
    message: "Access is denied: this is for the owner of the profile, with User.Read to read and User.ReadWrite to "
      + "write, and for applications with User.Read.All or User.ReadWrite.All.")

  private init(closedToApplications collection: String) {
    self.init(
      status: .forbidden, code: .deniedForRole,
      message:
        "Access is denied: the tenant's policy does not let applications write '\(collection)'. The person's own "
        + "token with User.ReadWrite would be sufficient.", target: collection)
  }

  private init(audienceNotAllowedIn collection: String, _ allowed: Audience) {
    self.init(
      status: .forbidden, code: .deniedForRole,
      message: "Access is denied: the tenant's policy allows no other audiences in '\(collection)' than "
        + "\(allowed.text). Choose among these.", target: "allowedAudiences")
  }

  // MARK: Entities

  /// There is no such person, or none that the caller may see.
  static let userNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist, or it is not visible to you. Check the user id or principal name.")

  private static let managerNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource 'manager' does not exist or one of its queried reference-property objects are not present.")

  private static let managerCircle = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "Nobody can report to themself, directly or through others. Give the other person another manager first.")

  private static let tooManyManagers = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "At most \(Limits.managersAboveMax) managers can be above one person. Choose a manager higher up.")

  private static let tooManyReports = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "More than \(Limits.transitiveReportsMax) people are below this person. Count those of their direct reports.")

  private static let groupNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist, or it is not visible to you. List /groups for ids.")

  private static let organizationNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist in this tenant. List /organization and /domains for ids.")

  private static let settingNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist. List the collection below /admin/people for ids.")

  private static let itemNotFound = GraphError(
    status: .notFound, code: .unknownError,
    message: "There is no such item in this collection, or it is not visible to you. List the collection for ids.")

  private static let alreadyMember = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "One or more added object references already exist for the following modified properties: 'members'.")

  private static let alreadyOwner = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "One or more added object references already exist for the following modified properties: 'owners'.")

  /// The last owner of a group stays (Graph page on removing owners).
  private static let lastOwner = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "The group must have at least one owner, hence this owner cannot be removed. Add another owner first.")

  /// A group that cannot be a member of another one.
  private init(_ obstacle: NestingObstacle) {
    switch obstacle {
    case .circle:
      self.init(
        status: .badRequest, code: .requestBadRequest,
        message: "A group cannot be a member of itself, directly or through other groups. Take the other group out of "
          + "this one first.")
    case .tooDeep:
      self.init(
        status: .badRequest, code: .requestBadRequest,
        message: "At most \(Limits.groupLevelsMax) groups can lie in one another. Add the group higher up.")
    case .tooMany:
      self.init(
        status: .conflict, code: .quotaLimitReached,
        message: "A group can have \(Limits.groupsPerGroupMax) groups as members, be a member of as many, and have "
          + "\(Limits.groupRelativesMax) above or below it. Take some out first.")
    }
  }

  private static let tooManyOwners = GraphError(
    status: .conflict, code: .quotaLimitReached,
    message: "A group can have \(Limits.ownersPerGroupMax) owners. Remove others first.")

  /// An answer with more groups than Graph gives (Graph page on getMemberGroups).
  private static let tooManyResults = GraphError(
    status: .badRequest, code: .resultSizeLimitExceeded,
    message: "The result has too many groups: an answer holds at most \(Limits.transitiveGroupsMax). List memberOf or "
      + "members, which are direct.")

  private static let answerTooLarge = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "The objects with these ids hold more than \(Limits.foundBytesMax) bytes in all. Ask for fewer with one "
      + "request.")

  /// A property whose value another person of the tenant has.
  private init(taken property: String) {
    self.init(
      status: .badRequest, code: .requestBadRequest,
      message: "Another object with the same value for property \(property) already exists. Choose another.",
      target: property)
  }

  private static let preconditionFailed = GraphError(
    status: .preconditionFailed, code: .resourceModified,
    message:
      "The resource is not as If-Match or If-None-Match demand: it has changed since. Read it again, then repeat.")

  private static let idempotencyKeyReused = GraphError(
    status: .conflict, code: .idempotencyKeyReused,
    message: "The Idempotency-Key was sent before with another body. Use a new key for a new request.")

  // MARK: Bounds

  private static let collectionFull = GraphError(
    status: .conflict, code: .quotaLimitReached,
    message: "The collection already holds \(Limits.itemsPerCollectionMax) items. Delete some first.")

  private static let personFull = GraphError(
    status: .conflict, code: .quotaLimitReached,
    message: "One person may hold \(Limits.personBytesMax) bytes in all. Delete or shorten items first.")

  private static let settingsFull = GraphError(
    status: .conflict, code: .quotaLimitReached,
    message:
      "A tenant keeps at most \(Limits.peopleSettingsMax) of these, and \(Limits.peopleSettingsBytesMax) bytes of "
      + "settings of its people in all. Delete or shorten some first.")

  private static let tooManyGroups = GraphError(
    status: .conflict, code: .quotaLimitReached,
    message: "One person can be a member of \(Limits.groupsPerPersonMax) groups. Take them out of others first.")

  private static let skipTooLarge = GraphError(
    status: .badRequest, code: .badRequest,
    message: "A sorted list can skip at most \(Limits.sortedSkipMax). Follow @odata.nextLink instead.")

  private static let searchTooWide = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "A search among people looks for at most \(Limits.nearbyItemTermsMax) different terms in profiles. Send the "
      + "others with further requests.")

  /// Too many long queries of one caller are waiting (RFC 6585 section 4; Graph page on throttling).
  private static let tooManyQueries = GraphError(
    status: .tooManyRequests, code: .tooManyRequests,
    message:
      "\(Limits.evaluationsWaitingMax) of your long queries wait already. Try again after the time in Retry-After, "
      + "send fewer at once, or ask for less with $filter.",
    headers: [.retryAfter: "\(Limits.evaluationRetrySeconds)"])

  /// The client closed its side of the connection before its query was answered.
  private static let cancelled = GraphError(
    status: .serviceUnavailable, code: .serviceNotAvailable,
    message: "The connection was closed for sending before this query was answered, so the work on it was ended. Keep "
      + "both directions open until the answer is there.",
    headers: retryLater)
}
