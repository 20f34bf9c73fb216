/// The names that Microsoft Graph has below the resources of this service and that are not offered here: the segments
/// of the URLs that the request builders of its SDKs make, for `/v1.0` and `/beta`. Requests for them are answered with
/// 501 and the name. A declared property or navigation property comes before a name in these lists.
enum UnofferedNames {
  /// Below one person.
  static let ofUser: [String] = [
    "activities", "addSelfAsSponsor", "adhocCalls", "agreementAcceptances", "analytics",
    "appConsentRequestsForApproval", "appRoleAssignedResources", "appRoleAssignments", "approvals", "assignLicense",
    "attest", "authentication", "calendar", "calendarGroups", "calendars", "calendarView", "changePassword",
    "chats", "cloudClipboard", "cloudPcPools", "cloudPCs", "cloudRealtimeCommunicationInfo", "communications",
    "contactFolders", "contacts", "convertExternalToInternalMemberUser", "createdObjects",
    "customSecurityAttributes", "dataSecurityAndGovernance", "deletePasswordSingleSignOnCredentials",
    "deviceEnrollmentConfigurations", "deviceKeys", "deviceManagementTroubleshootingEvents", "devices",
    "distributionLists", "drive", "drives", "employeeExperience", "employeeLeaveDateTime", "events",
    "exportDeviceAndAppManagementData", "exportPersonalData", "extensions", "findMeetingLocations",
    "findMeetingTimes", "findRoomLists", "findRooms", "followedSites", "getEffectiveDeviceEnrollmentConfigurations",
    "getLoggedOnManagedDevices", "getMailTips", "getManagedAppDiagnosticStatuses", "getManagedAppPolicies",
    "getManagedDevicesWithAppFailures", "getManagedDevicesWithFailedOrPendingApps",
    "getPasswordSingleSignOnCredentials", "inferenceClassification", "informationProtection", "insights",
    "invalidateAllRefreshTokens", "invitedBy", "isManagedAppUserBlocked", "joinedGroups", "joinedTeams",
    "licenseDetails", "lifecycle", "mailboxSettings", "mailFolders", "managedAppLogCollectionRequests",
    "managedAppRegistrations", "managedDevices", "messages", "mobileAppIntentAndStates",
    "mobileAppTroubleshootingEvents", "notes", "notifications", "oauth2PermissionGrants", "onenote",
    "onlineMeetings", "onPremisesSipInfo", "onPremisesSyncBehavior", "outlook", "ownedDevices", "ownedObjects",
    "pendingAccessReviewInstances", "permissionGrants", "planner", "presence", "print", "registeredDevices",
    "reminderView", "removeAllDevicesFromManagement", "removeSelfAsSponsor", "reprocessLicenseAssignment",
    "restore", "retrieveManagedDevicesWithAppInstallationIssues", "retryServiceProvisioning",
    "revokeSignInSessions", "scopedRoleMemberOf", "security", "sendMail", "settings", "signInActivity", "solutions",
    "sponsorOf", "sponsors", "teamwork", "todo", "translateExchangeIds", "unblockManagedApps", "usageRights",
    "virtualEvents", "windowsInformationProtectionDeviceRegistrations", "wipeAndBlockManagedApps",
    "wipeManagedAppRegistrationByDeviceTag", "wipeManagedAppRegistrationsByAzureAdDeviceId",
    "wipeManagedAppRegistrationsByDeviceTag",
  ]

  /// Below all people.
  static let ofUsers: [String] = [
    "delta", "getAvailableExtensionProperties", "getManagedAppBlockedUsers", "getUserOwnedObjects",
    "validatePassword",
  ]

  /// Below one group.
  static let ofGroup: [String] = [
    "acceptedSenders", "addFavorite", "appRoleAssignments", "assignLicense", "calendar", "calendarView",
    "checkGrantedPermissionsForApp", "conversations", "createdOnBehalfOf", "deletePasswordSingleSignOnCredentials",
    "drive", "drives", "endpoints", "evaluateDynamicMembership", "events", "extensions",
    "getPasswordSingleSignOnCredentials", "groupLifecyclePolicies", "membersWithLicenseErrors", "onenote",
    "onPremisesSyncBehavior", "permissionGrants", "planner", "rejectedSenders", "removeFavorite", "renew",
    "resetUnseenCount", "restore", "retryServiceProvisioning", "settings", "sites", "subscribeByMail", "team",
    "threads", "unsubscribeByMail",
  ]

  /// Below all groups.
  static let ofGroups: [String] = [
    "delta", "evaluateDynamicMembership", "getAvailableExtensionProperties", "getUserOwnedObjects",
  ]

  /// Below all objects of the directory, and all organisations.
  static let ofDirectoryObjects: [String] = [
    "delta", "getAvailableExtensionProperties", "getUserOwnedObjects",
  ]

  /// Below an organisation.
  static let ofOrganization: [String] = [
    "assignedPlans", "branding", "businessPhones", "certificateBasedAuthConfiguration", "certificateConnectorSetting",
    "checkMemberGroups", "checkMemberObjects", "city", "country", "countryLetterCode", "createdDateTime",
    "defaultUsageLocation", "deletedDateTime", "directorySizeQuota", "extensions", "getMemberGroups",
    "getMemberObjects", "isMultipleDataLocationsForServicesEnabled", "marketingNotificationEmails",
    "mobileDeviceManagementAuthority", "onPremisesLastPasswordSyncDateTime", "onPremisesLastSyncDateTime",
    "onPremisesSyncEnabled", "partnerInformation", "partnerTenantType", "postalCode", "preferredLanguage",
    "privacyProfile", "provisionedPlans", "resourceQuotas", "restore", "securityComplianceNotificationMails",
    "securityComplianceNotificationPhones", "setMobileDeviceManagementAuthority", "settings", "state", "street",
  ]

  /// Below a domain.
  static let ofDomain: [String] = [
    "availabilityStatus", "domainNameReferences", "federationConfiguration", "forceDelete", "manufacturer", "model",
    "passwordNotificationWindowInDays", "passwordValidityPeriodInDays", "promote", "promoteToInitial", "rootDomain",
    "serviceConfigurationRecords", "sharedEmailDomainInvitations", "state", "verificationDnsRecords", "verify",
  ]

  /// Below the service version.
  static let roots: [String] = [
    "accessReviewDecisions", "accessReviews", "activityStatistics", "administrativeUnits", "agentRegistry",
    "agents", "agreementAcceptances", "agreements", "allowedDataLocations", "appCatalogs", "applications",
    "applicationTemplates", "approvalWorkflowProviders", "auditLogs", "authenticationMethodConfigurations",
    "authenticationMethodDevices", "authenticationMethodsPolicy", "bookingBusinesses", "bookingCurrencies",
    "businessFlowTemplates", "certificateAuthorities", "certificateBasedAuthConfiguration", "chats", "commands",
    "communications", "compliance", "connections", "contacts", "contracts", "dataClassification",
    "dataPolicyOperations", "deviceAppManagement", "deviceManagement", "devices", "directory", "directoryRoles",
    "directoryRoleTemplates", "directorySettingTemplates", "domainDnsRecords", "drives", "education",
    "employeeExperience", "external", "filteringPolicies", "filterOperators", "financials", "functions",
    "governanceResources", "governanceRoleAssignmentRequests", "governanceRoleAssignments",
    "governanceRoleDefinitions", "governanceRoleSettings", "governanceSubjects", "groupLifecyclePolicies",
    "groupSettings", "groupSettingTemplates", "identity", "identityGovernance", "identityProtection",
    "identityProviders", "informationProtection", "invitations", "messageEvents", "messageRecipients",
    "messageTraces", "mobilityManagementPolicies", "monitoring", "network", "networkAccess",
    "oauth2PermissionGrants", "onPremisesPublishingProfiles", "payloadResponse", "permissionGrants", "places",
    "planner", "policies", "print", "privacy", "privilegedAccess", "privilegedApproval",
    "privilegedOperationEvents", "privilegedRoleAssignmentRequests", "privilegedRoleAssignments", "privilegedRoles",
    "privilegedSignupStatus", "programControls", "programControlTypes", "programs", "reports", "riskDetections",
    "riskyUsers", "roleManagement", "schemaExtensions", "scopedRoleMemberships", "search", "security",
    "servicePrincipals", "settings", "shares", "sites", "solutions", "storage", "subscribedSkus", "subscriptions",
    "teams", "teamsTemplates", "teamTemplateDefinition", "teamwork", "templates", "tenantRelationships",
    "termStore", "threatSubmission", "trustFramework", "workplace",
  ]
}
