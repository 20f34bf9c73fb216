import OData

/// Complex types of the properties of people, members in the order of the pages.
enum UserComplexTypes {
  static let all: [StructuredTypeDeclaration] = [
    .complex(
      "assignedLicense", "A licence of a person.",
      [
        .string("disabledPlans", "Plans of the licence that are off.").collection,
        .string("skuId", "Identifier of the licence."),
      ]),
    .complex(
      "assignedPlan", "A plan of a licence.",
      [
        .primitive(.dateTimeOffset, "assignedDateTime", "Since when."),
        .string("capabilityStatus", "Where it stands, such as Enabled."),
        .string("service", "Service that the plan is of."),
        .string("servicePlanId", "Identifier of the plan."),
      ]),
    .complex(
      "authorizationInfo", "What certificates name a person.",
      [.string("certificateUserIds", "Names in certificates.").collection]),
    .complex(
      "employeeOrgData", "A person's place in the books of the organisation.",
      [
        .string("costCenter", "Cost centre."),
        .string("division", "Division."),
      ]),
    .complex(
      "licenseAssignmentState", "Where a licence of a person comes from.",
      [
        .string("assignedByGroup", "Group that gives it; null when it is the person's own."),
        .string("disabledPlans", "Plans of the licence that are off.").collection,
        .string("error", "What went wrong."),
        .primitive(.dateTimeOffset, "lastUpdatedDateTime", "When it last changed."),
        .string("skuId", "Identifier of the licence."),
        .string("state", "Where it stands, such as Active."),
      ]),
    .complex(
      "objectIdentity", "A name that a person signs in with.",
      [
        .string("signInType", "Kind of the name, such as userPrincipalName."),
        .string("issuer", "Who issued it."),
        .string("issuerAssignedId", "The name."),
      ]),
    .complex(
      "onPremisesExtensionAttributes", "Texts for any use of the organisation.",
      (1...15).map { .string("extensionAttribute\($0)", "Text number \($0).") }),
    .complex(
      "onPremisesProvisioningError", "What went wrong when directories met.",
      [
        .string("category", "Kind of the error."),
        .primitive(.dateTimeOffset, "occurredDateTime", "When it happened."),
        .string("propertyCausingError", "Property at fault."),
        .string("value", "Value at fault."),
      ]),
    .complex(
      "passwordProfile", "A first password. It is kept nowhere.",
      [
        .primitive(.boolean, "forceChangePasswordNextSignIn", "Whether it must be changed."),
        .primitive(.boolean, "forceChangePasswordNextSignInWithMfa", "The same, after a second factor."),
        .string("password", "The password."),
      ]),
    .complex(
      "provisionedPlan", "A plan that was set up.",
      [
        .string("capabilityStatus", "Where it stands, such as Enabled."),
        .string("provisioningStatus", "Whether it was set up, such as Success."),
        .string("service", "Service that the plan is of."),
      ]),
    .complex(
      "serviceProvisioningError", "What a service reported of a person.",
      [
        .primitive(.dateTimeOffset, "createdDateTime", "When it was reported."),
        .primitive(.boolean, "isResolved", "Whether it is over."),
        .string("serviceInstance", "Service that reported it."),
      ]),
  ]
}
