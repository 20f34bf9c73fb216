import OData

extension ProfileSession {
  /// Goes on when the token's tenant is one of the store's, at once where it was met before.
  public func admit(_ caller: Caller, _ then: @escaping Completion<Void>) {
    guard !knownTenants.contains(caller.tenant) else { return then(.success(())) }
    reader.tenant(caller.tenant) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(nil): then(.failure(.unknownTenant))
      case .success:
        if knownTenants.count < Limits.rememberedTenantsMax { knownTenants.insert(caller.tenant) }
        then(.success(()))
      }
    }
  }

  /// What a tenant decided.
  func policy(of tenant: TenantID, _ then: @escaping Completion<TenantPolicy>) {
    reader.tenant(tenant) { then($0.map { $0?.policy ?? TenantPolicy() }.mapError(ProfileError.store)) }
  }

  /// Decides whether the caller's permissions and roles allow an access. The tenant's policy is asked only where it
  /// matters.
  func authorize(
    _ access: Access, isOwner: Bool = false, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    guard access.role(for: caller, isOwner: isOwner) != .none, !caller.isAdministrator else {
      return then(Self.decision(access, isOwner, caller, TenantPolicy()))
    }
    policy(of: caller.tenant) { [self] policy in
      switch policy {
      case .failure(let error): then(.failure(error))
      case .success(let policy):
        let decision = Self.decision(access, isOwner, caller, policy)
        guard case .failure(.deniedForRole) = decision, let group = policy.administrators, let user = caller.userID
        else { return then(decision) }
        reader.isMember(Viewer(user: user, tenant: caller.tenant), of: group) { isMember in
          switch isMember {
          case .failure(let error): then(.failure(.store(error)))
          case .success(true): then(Self.decision(access, isOwner, caller.asAdministrator, policy))
          case .success(false): then(decision)
          }
        }
      }
    }
  }

  private static func decision(
    _ access: Access, _ isOwner: Bool, _ caller: Caller, _ policy: TenantPolicy
  ) -> Result<Void, ProfileError> {
    do throws(ProfileError) {
      return .success(try access.authorize(caller, isOwner: isOwner, policy: policy))
    } catch {
      return .failure(error)
    }
  }
}
