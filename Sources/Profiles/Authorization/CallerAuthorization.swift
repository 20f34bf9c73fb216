import OData

/// Decides whether a caller may do what they ask for, by the permissions of their token, their roles and the policy of
/// their tenant. It looks at who is asked for, never at what that person holds, so that a refusal reveals nothing.
struct CallerAuthorization {
  let context: SessionContext

  /// Succeeds when the token's tenant is one of the store's, at once where it was met before.
  func admit(_ caller: Caller, _ then: @escaping Completion<Void>) {
    // The requests of one token have the same caller, and most requests of a connection have the same token.
    guard context.lastAdmitted !== caller else { return then(.success(())) }
    guard !context.knownTenants.contains(caller.tenant) else {
      context.lastAdmitted = caller
      return then(.success(()))
    }
    context.reader.tenant(caller.tenant) { [context] found in
      found.onSuccess(orFail: then) { tenant in
        guard tenant != nil else { return then(.failure(.unknownTenant)) }
        if context.knownTenants.count < Limits.rememberedTenantsMax { context.knownTenants.insert(caller.tenant) }
        then(.success(()))
      }
    }
  }

  /// The policy of a tenant.
  func policy(of tenant: TenantID, _ then: @escaping Completion<TenantPolicy>) {
    context.reader.tenant(tenant) { then($0.map { $0?.policy ?? TenantPolicy() }.mapError(ProfileError.store)) }
  }

  /// What the policy of the caller's tenant withholds from the caller. The policy is read only where it can withhold
  /// anything: nothing is withheld from applications.
  func withheld(from caller: Caller, _ then: @escaping Completion<WithheldProperties>) {
    guard caller.actor != .application else { return then(.success(.none)) }
    policy(of: caller.tenant) { then($0.map { WithheldProperties($0.withheldProperties) }) }
  }

  /// Succeeds when the caller's permissions and roles allow an access; otherwise fails as
  /// `RequiredPermissions.authorize` does. The tenant's policy is read only where it can change the answer.
  func authorize(
    _ access: RequiredPermissions, isOwner: Bool = false, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    guard access.role(for: caller, isOwner: isOwner) != .none, !caller.isAdministrator else {
      return then(Self.decide(access, isOwner, caller, writersOfOthers: nil))
    }
    policy(of: caller.tenant) { [self] policy in
      policy.onSuccess(orFail: then) { policy in
        let decided = Self.decide(access, isOwner, caller, writersOfOthers: policy.writersOfOthers)
        guard case .failure(.deniedForRole) = decided, let group = policy.administrators, let user = caller.userID
        else { return then(decided) }
        context.reader.isMember(TenantUser(user: user, tenant: caller.tenant), of: group) { isMember in
          isMember.onSuccess(orFail: then) { isMember in
            guard isMember else { return then(decided) }
            then(
              Self.decide(access, isOwner, caller.asAdministrator, writersOfOthers: policy.writersOfOthers))
          }
        }
      }
    }
  }

  private static func decide(
    _ access: RequiredPermissions, _ isOwner: Bool, _ caller: Caller, writersOfOthers: TenantPolicy.WritePolicy?
  ) -> Result<Void, ProfileError> {
    do throws(ProfileError) {
      return .success(try access.authorize(caller, isOwner: isOwner, writersOfOthers: writersOfOthers))
    } catch {
      return .failure(error)
    }
  }
}
