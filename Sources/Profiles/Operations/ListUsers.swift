import OData

/// A page of a tenant's people, as the caller may see them.
public struct UserPage: Sendable {
  public let users: [VisibleUser]
  /// Continues the list, or nil at its end.
  public let next: UserCursor?
}

/// Where a list of people goes on.
public struct UserCursor: Sendable {
  let caller: Caller
  let position: UserID
}

extension ProfileSession {
  /// Reads the first people of the caller's tenant, at most `Limits.loopRowsMax`; `continueUsers` reads on.
  public func listUsers(by caller: Caller, _ then: @escaping Completion<UserPage>) {
    do throws(ProfileError) {
      try Access.listUsers.authorize(caller, isOwner: false, policy: environment.policy(caller.tenant))
      page(for: caller, after: nil, limit: Limits.loopRowsMax, then)
    } catch {
      then(.failure(error))
    }
  }

  /// Reads the next page, off the thread.
  public func continueUsers(_ cursor: UserCursor, _ then: @escaping Completion<UserPage>) {
    page(for: cursor.caller, after: cursor.position, limit: Limits.pieceRowsMax, then)
  }

  /// Counts the people of the caller's tenant.
  public func countUsers(by caller: Caller, _ then: @escaping Completion<Int>) {
    do throws(ProfileError) {
      try Access.listUsers.authorize(caller, isOwner: false, policy: environment.policy(caller.tenant))
      reader.countUsers(in: caller.tenant) { then($0.mapError(ProfileError.store)) }
    } catch {
      then(.failure(error))
    }
  }

  private func page(for caller: Caller, after position: UserID?, limit: Int, _ then: @escaping Completion<UserPage>) {
    reader.users(in: caller.tenant, after: position, limit: limit) { found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let page):
        let last = page.isLast ? nil : page.elements.last
        let next = last.map { UserCursor(caller: caller, position: $0.id) }
        let visible = page.elements.compactMap { user in
          Relation(of: caller, to: user.id, in: user.tenant).visible(user, to: caller)
        }
        then(.success(UserPage(users: visible, next: next)))
      }
    }
  }
}
