import OData

/// Operations on the organisation of the caller's tenant and its domains, which the tenant's settings describe.
public struct OrganizationOperations {
  let context: SessionContext

  /// Reads the organisations that the caller may know of: that of their tenant.
  public func list(by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    settings(for: .readOrganization, by: caller) { settings in
      then(settings.map { Self.listing([AccessDecision.visible(organizationOf: $0, to: caller)].compactMap(\.self)) })
    }
  }

  /// Reads the organisation whose id is that of its tenant. Fails with `organizationNotFound` for any other.
  public func read(_ id: String, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    settings(for: .readOrganization, by: caller) { settings in
      then(
        settings.flatMap { settings in
          guard id.isSameName(as: settings.id.text),
            let organization = AccessDecision.visible(organizationOf: settings, to: caller)
          else { return .failure(.organizationNotFound) }
          return .success(organization)
        })
    }
  }

  /// Reads the domains of the caller's tenant.
  public func listDomains(by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    settings(for: .readDomains, by: caller) { settings in
      then(settings.map { Self.listing(AccessDecision.visible(domainsOf: $0, to: caller)) })
    }
  }

  /// Reads one domain of the caller's tenant. Fails with `organizationNotFound` for any other.
  public func readDomain(_ name: String, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    settings(for: .readDomains, by: caller) { settings in
      then(
        settings.flatMap { settings in
          let domains = AccessDecision.visible(domainsOf: settings, to: caller)
          return domains.first { $0.id.isSameName(as: name) }.map { .success($0) } ?? .failure(.organizationNotFound)
        })
    }
  }

  /// Finds out whether a domain is one of the caller's tenant. It needs no permission, since a path that names another
  /// domain is not found.
  public func ownsDomain(_ domain: DomainName, _ caller: Caller, _ then: @escaping Completion<Bool>) {
    context.reader.tenant(caller.tenant) {
      then($0.map { $0?.verifiedDomains.contains(domain) ?? false }.mapError(ProfileError.store))
    }
  }

  private func settings(
    for access: RequiredPermissions, by caller: Caller, _ then: @escaping Completion<TenantSettings>
  ) {
    context.authorization.authorize(access, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) {
        context.reader.tenant(caller.tenant) { found in
          found.onSuccess(orFail: then) { then($0.map { .success($0) } ?? .failure(.unknownTenant)) }
        }
      }
    }
  }

  private static func listing(_ elements: [VisibleObject]) -> Listing<VisibleObject> {
    Listing(elements: elements, rest: nil, count: nil, next: nil)
  }
}
