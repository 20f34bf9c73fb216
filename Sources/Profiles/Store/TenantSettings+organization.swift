import OData

/// What a tenant's settings say of its organisation (Graph pages on the resource types organization and domain).
extension TenantSettings {
  /// The domain of the demo's people, which the demo's tenant has while none was added.
  private static let demoDomain = DomainName("contoso.example")

  /// The domains of the tenant; the first one is the default.
  var verifiedDomains: [DomainName] {
    guard id == .demo, domains.isEmpty, let demo = Self.demoDomain else { return domains }
    return [demo]
  }

  /// The organisation as a value of its type.
  var organization: StructuredValue {
    let type = ProfileModel.organization
    var value = StructuredValue(of: type)
    value.set("id", id.text, of: type)
    value.set("displayName", name ?? (id == .demo ? "Contoso" : nil), of: type)
    value.set("tenantType", "AAD", of: type)
    value.set("technicalNotificationMails", .collection(technicalMails.map(Value.string)), of: type)
    guard let property = type.property(named: "verifiedDomains"), case .complex(let domainType) = property.type
    else { return value }
    let domains = verifiedDomains.enumerated().map { index, domain in
      var value = StructuredValue(of: domainType)
      value.set("capabilities", Self.service, of: domainType)
      value.set("isDefault", .bool(index == 0), of: domainType)
      value.set("isInitial", .bool(index == 0), of: domainType)
      value.set("name", domain.text, of: domainType)
      value.set("type", Self.authentication, of: domainType)
      return Value.complex(value)
    }
    value.members[property.index] = .collection(domains)
    return value
  }

  /// A domain of the tenant as a value of its type.
  func value(of domain: DomainName) -> StructuredValue {
    let type = ProfileModel.domain
    var value = StructuredValue(of: type)
    let isFirst = verifiedDomains.first == domain
    value.set("id", domain.text, of: type)
    value.set("authenticationType", Self.authentication, of: type)
    value.set("isAdminManaged", .bool(true), of: type)
    value.set("isDefault", .bool(isFirst), of: type)
    value.set("isInitial", .bool(isFirst), of: type)
    value.set("isRoot", .bool(!verifiedDomains.contains(where: domain.isBelow)), of: type)
    value.set("isVerified", .bool(true), of: type)
    value.set("supportedServices", .collection([.string(Self.service)]), of: type)
    return value
  }

  private static let authentication = "Managed"
  private static let service = "Email"
}
