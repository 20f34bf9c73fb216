import OData

/// The properties of a person, each with who may read and who may write it.
///
/// They are the organisation's record: read by permission alone, and never filled from profile items or the reverse,
/// but for the computed ones (`UserProjection`). Each is read with a permission on whole people; those with the trait
/// `basic` with the permission on basic properties, too. A tenant's policy can withhold those with the trait `contact`
/// from delegated callers. Each is written by administrators and applications; those with the trait `selfService` by the
/// person as well; those with a refusal by nobody but an import (Graph page on the resource type user).
enum UserProperties {
  static let all: [PropertyDeclaration] = usual + account + work + place + onPremises + organisation + projected

  /// What every answer showed before the others were declared, in its order.
  private static let usual: [PropertyDeclaration] = [
    .string("displayName", "Name shown in the address book.").traits([.basic, .answeredByDefault]),
    .string("givenName", "First name.").traits([.basic, .answeredByDefault]),
    .string("surname", "Family name.").traits([.basic, .answeredByDefault]),
    .string("userPrincipalName", "Sign-in name, unique in its tenant in any case.")
      .traits([.basic, .answeredByDefault]),
    .string("mail", "Primary mail address, unique in its tenant in any case.")
      .traits([.basic, .contact, .answeredByDefault]),
    .string("jobTitle", "Job title.").traits(.answeredByDefault),
    .string("department", "Department."),
    .string("officeLocation", "Office.").traits([.contact, .answeredByDefault]),
    .string("preferredLanguage", "Language tag such as en-US.").traits([.selfService, .answeredByDefault]),
    .string("mobilePhone", "Main mobile number.").traits([.selfService, .contact, .answeredByDefault]),
    .string("businessPhones", "Business numbers.").collection.nonNullable
      .traits([.selfService, .contact, .answeredByDefault]),
  ]

  private static let account: [PropertyDeclaration] = [
    .primitive(.boolean, "accountEnabled", "Whether the person may sign in; their tokens end with it.").unlessUnset,
    .string("ageGroup", "Age band: Minor, NotAdult or Adult.").unlessUnset,
    .string("consentProvidedForMinor", "Whether there is consent: Granted, Denied or NotRequired.").unlessUnset,
    .string("legalAgeGroupClassification", "What the age band and the consent mean together.").unlessUnset
      .refused(follows),
    .primitive(.dateTimeOffset, "createdDateTime", "When the person was added to the directory.").unlessUnset
      .refused(byServer),
    .primitive(.dateTimeOffset, "deletedDateTime", "When the person was deleted; not set.").unlessUnset
      .refused(byServer),
    .string("creationType", "How the account came to be; not set for one of work or school.").unlessUnset
      .refused(byServer),
    .string("externalUserState", "Where the invitation of a guest stands.").unlessUnset.refused(byServer),
    .primitive(.dateTimeOffset, "externalUserStateChangeDateTime", "When the invitation last changed.").unlessUnset
      .refused(byServer),
    .named("objectIdentity", "identities", "Names that the person signs in with.").collection
      .traits(.contact).unlessUnset,
    .string("identityParentId", "The account that this one belongs to.").unlessUnset.refused(byServer),
    .named("passwordProfile", "passwordProfile", "A first password, which is accepted and kept nowhere.")
      .traits(.discarded).unlessUnset.refused("is accepted when a person is created, and kept nowhere: no password is"),
    .string("passwordPolicies", "DisableStrongPassword and DisablePasswordExpiration, or None.").unlessUnset,
    .primitive(.dateTimeOffset, "lastPasswordChangeDateTime", "When the password last changed.").unlessUnset
      .refused(byServer),
    .primitive(.dateTimeOffset, "signInSessionsValidFromDateTime", "Since when sessions count.").unlessUnset
      .refused(byServer),
    .primitive(.dateTimeOffset, "refreshTokensValidFromDateTime", "Since when refresh tokens count.").unlessUnset
      .refused(byServer),
    .string("securityIdentifier", "The security identifier.").unlessUnset.refused(byServer),
    .named("authorizationInfo", "authorizationInfo", "What certificates name the person.").unlessUnset,
    .string("userType", "Member, or Guest.").unlessUnset,
    .primitive(.boolean, "isManagementRestricted", "Whether few administrators may change the person.").unlessUnset
      .refused(byServer),
    .primitive(.boolean, "isResourceAccount", "Reserved.").unlessUnset.refused("is reserved"),
  ]

  private static let work: [PropertyDeclaration] = [
    .string("companyName", "Company.").unlessUnset,
    .primitive(.dateTimeOffset, "employeeHireDate", "When the person began, or will begin, to work here.").unlessUnset,
    .string("employeeId", "Number that the organisation gave the person.").unlessUnset,
    .named("employeeOrgData", "employeeOrgData", "Division and cost centre.").unlessUnset,
    .string("employeeType", "Kind of worker, such as Employee or Contractor.").unlessUnset,
    .string("mailNickname", "Alias of the mail address.").unlessUnset,
    .string("otherMails", "Further mail addresses.").collection.nonNullable.traits(.contact).unlessUnset,
    .string("proxyAddresses", "Mail addresses by protocol; the main one begins with SMTP.").collection.nonNullable
      .traits(.contact).unlessUnset.refused("follows 'mail', which is written instead"),
    .string("imAddresses", "Addresses of instant messages.").collection.nonNullable.traits(.contact).unlessUnset
      .refused(byServer),
    .primitive(.boolean, "showInAddressList", "Reserved.").unlessUnset.refused("is reserved"),
    .string("infoCatalogs", "Segments of information.").collection.nonNullable.unlessUnset.refused(byServer),
  ]

  private static let place: [PropertyDeclaration] = [
    .string("city", "City.").traits(.contact).unlessUnset,
    .string("country", "Country or region.").traits(.contact).unlessUnset,
    .string("faxNumber", "Fax number.").traits(.contact).unlessUnset,
    .string("postalCode", "Postal code.").traits(.contact).unlessUnset,
    .string("state", "State or province.").traits(.contact).unlessUnset,
    .string("streetAddress", "Street and house.").traits(.contact).unlessUnset,
    .string("preferredDataLocation", "Where data should lie.").unlessUnset,
    .string("usageLocation", "Country of use, in two letters.").unlessUnset,
  ]

  private static let onPremises: [PropertyDeclaration] = [
    .string("onPremisesDistinguishedName", "Distinguished name in the directory on premises.").unlessUnset
      .refused(bySync),
    .string("onPremisesDomainName", "Domain on premises.").unlessUnset.refused(bySync),
    .named("onPremisesExtensionAttributes", "onPremisesExtensionAttributes", "Fifteen texts for any use.").unlessUnset,
    .string("onPremisesImmutableId", "What ties the person to their account on premises.").unlessUnset,
    .primitive(.dateTimeOffset, "onPremisesLastSyncDateTime", "When the directories last met.").unlessUnset
      .refused(bySync),
    .named("onPremisesProvisioningError", "onPremisesProvisioningErrors", "What went wrong then.").collection
      .nonNullable.unlessUnset.refused(bySync),
    .string("onPremisesSamAccountName", "Account name on premises.").unlessUnset.refused(bySync),
    .string("onPremisesSecurityIdentifier", "Security identifier on premises.").unlessUnset.refused(bySync),
    .primitive(.boolean, "onPremisesSyncEnabled", "Whether the person is kept on premises.").unlessUnset
      .refused(bySync),
    .string("onPremisesUserPrincipalName", "Sign-in name on premises.").traits(.contact).unlessUnset
      .refused(bySync),
  ]

  private static let organisation: [PropertyDeclaration] = [
    .named("assignedLicense", "assignedLicenses", "Licences.").collection.nonNullable.unlessUnset.refused(byServer),
    .named("assignedPlan", "assignedPlans", "Plans of the licences.").collection.nonNullable.unlessUnset
      .refused(byServer),
    .named("licenseAssignmentState", "licenseAssignmentStates", "Where licences come from.").collection.nonNullable
      .unlessUnset.refused(byServer),
    .named("provisionedPlan", "provisionedPlans", "Plans that are set up.").collection.nonNullable.unlessUnset
      .refused(byServer),
    .named("serviceProvisioningError", "serviceProvisioningErrors", "What services reported.").collection.nonNullable
      .unlessUnset.refused(byServer),
    .primitive(.int32, "deviceEnrollmentLimit", "Most devices that the person may enrol.").unlessUnset
      .refused(byServer),
    .primitive(.boolean, "isLicenseReconciliationNeeded", "Whether a licence is awaited.").unlessUnset
      .refused(byServer),
  ]

  private static let projected: [PropertyDeclaration] = UserProjection.all.map(\.declaration)

  private static let byServer = "is read-only: the directory sets it, and so does an import"
  private static let bySync = "is read-only: it comes from the directory on premises, with an import"
  private static let follows = "is read-only: it follows 'ageGroup' and 'consentProvidedForMinor'"
}

extension PropertyDeclaration {
  /// The property as one that is neither stored nor answered while it is not set.
  fileprivate var unlessUnset: Self { traits(.omittedWhenNull) }
}
